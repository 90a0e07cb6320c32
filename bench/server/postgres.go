package server

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Postgres is the server that all systems but those on Redis share.
type Postgres struct {
	Version string

	dsn    string
	conn   *pgx.Conn
	master int // pid of the postmaster
}

// OpenPostgres connects to a server as its superuser.
func OpenPostgres(ctx context.Context, dsn string) (*Postgres, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("server: connect: %w", err)
	}
	p := &Postgres{dsn: dsn, conn: conn}
	var backend int
	var fsync, commit string
	err = conn.QueryRow(ctx, `SELECT current_setting('server_version'), pg_backend_pid(),
		current_setting('fsync'), current_setting('synchronous_commit')`).Scan(&p.Version, &backend, &fsync, &commit)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if fsync != "on" || commit != "on" {
		return nil, fmt.Errorf("server: commits are not durable: fsync is %s, synchronous_commit %s", fsync, commit)
	}
	s, err := readStat(backend)
	if err != nil {
		return nil, fmt.Errorf("the server must run on this machine: %w", err)
	}
	p.master = s.parent
	return p, nil
}

// About tells the version and how the server is configured.
func (p *Postgres) About() string {
	return p.Version + ", default settings but for the number of connections, over a unix socket"
}

// Close closes the connection.
func (p *Postgres) Close(ctx context.Context) { p.conn.Close(ctx) }

// DSN is the connection string of a database, as a URL.
func (p *Postgres) DSN(database string) (string, error) {
	if !strings.Contains(p.dsn, "://") {
		return "", fmt.Errorf("server: %q is not a URL", p.dsn)
	}
	u, err := url.Parse(p.dsn)
	if err != nil {
		return "", fmt.Errorf("server: %w", err)
	}
	u.Path = "/" + database
	return u.String(), nil
}

// Create makes a database, a copy of template if that is not empty, in place of
// what an earlier run may have left.
func (p *Postgres) Create(ctx context.Context, database, template string) error {
	if err := p.Drop(ctx, database); err != nil {
		return err
	}
	if template == "" {
		template = "template1"
	}
	sql := "CREATE DATABASE " + quote(database) + " TEMPLATE " + quote(template)
	if _, err := p.conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("server: create database: %w", err)
	}
	return nil
}

// Drop removes a database if there is one.
func (p *Postgres) Drop(ctx context.Context, database string) error {
	if _, err := p.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(database)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("server: drop database: %w", err)
	}
	return nil
}

// Settle brings the server to the same state before each measurement: planner
// statistics of the database are fresh, and the next checkpoint is far away.
func (p *Postgres) Settle(ctx context.Context, database string) error {
	dsn, err := p.DSN(database)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return fmt.Errorf("server: connect: %w", err)
	}
	defer conn.Close(ctx)
	for _, sql := range []string{"ANALYZE", "CHECKPOINT"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("server: %s: %w", sql, err)
		}
	}
	return nil
}

// Pin holds back what vacuum may remove from a database, as a forgotten
// transaction with an xid and a snapshot does, until release is called.
func (p *Postgres) Pin(ctx context.Context, database string) (release func(), err error) {
	dsn, err := p.DSN(database)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("server: connect: %w", err)
	}
	for _, sql := range []string{"BEGIN ISOLATION LEVEL REPEATABLE READ", "SELECT pg_current_xact_id()"} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			conn.Close(ctx)
			return nil, fmt.Errorf("server: pin: %w", err)
		}
	}
	return func() { conn.Close(context.WithoutCancel(ctx)) }, nil
}

// Usage is what the server has spent since it was started.
func (p *Postgres) Usage(ctx context.Context) (u Usage, err error) {
	const sql = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
	if err := p.conn.QueryRow(ctx, sql).Scan(&u.Log); err != nil {
		return u, fmt.Errorf("server: position in the log: %w", err)
	}
	u.CPU, err = treeCPU(p.master)
	return u, err
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
