package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// pollInterval is between two attempts to connect to a server that starts. An
// attempt costs next to nothing.
const pollInterval = 10 * time.Millisecond

// Codes of Postgres, see its appendix A.
const (
	codeNoDatabase   = "3D000" // invalid_catalog_name
	codeNotNow       = "57P03" // cannot_connect_now: starting up, or recovering
	codeShuttingDown = "57P01" // admin_shutdown
)

// beginning is what Start and the supervisor tell each other.
type beginning struct {
	launched chan struct{} // closed when the first postmaster runs; an orphan may answer before
	ready    chan struct{} // closed when it has accepted a connection
	failed   chan error    // takes why it ended before; unbuffered, so that only one of the two happens
}

// awaitReady returns once the database can be used. It creates it in a new
// cluster. If Postgres ends before that, it returns why.
func (b beginning) awaitReady(ctx context.Context, socket *socketPath) error {
	select {
	case <-b.launched:
	case err := <-b.failed:
		return err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the start: %w", context.Cause(ctx))
	}
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		err := tryConnect(ctx, socket)
		if err == nil || !passing(err) {
			return err
		}
		select {
		case err := <-b.failed:
			return err
		case <-ctx.Done():
			return fmt.Errorf("waiting for connections: %w", context.Cause(ctx))
		case <-poll.C:
		}
	}
}

// tryConnect connects once, and creates the database if that is what is
// missing.
func tryConnect(ctx context.Context, socket *socketPath) error {
	err := execute(ctx, dsnOf(socket, database), "")
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == codeNoDatabase {
		return execute(ctx, dsnOf(socket, "postgres"), "CREATE DATABASE "+database)
	}
	return err
}

// passing reports whether err is one of a server that is not ready yet.
func passing(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code == codeNotNow || pgErr.Code == codeShuttingDown
	}
	return !errors.Is(err, fs.ErrPermission)
}

func execute(ctx context.Context, dsn, sql string) error {
	conn, err := pgconn.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if sql == "" {
		return nil
	}
	_, err = conn.Exec(ctx, sql).ReadAll()
	return err
}
