package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/postgres"
	"son1k/internal/postgres/embedded"
)

const (
	timezone       = "Asia/Kathmandu" // UTC+05:45
	cleanupTimeout = 30 * time.Second
)

// New returns a pool on a database of the test's own, which has all migrations
// applied. At the end of the test the pool is closed and the database dropped;
// the test fails if it still holds a connection then.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), DSN(t))
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		closed := make(chan struct{})
		go func() { pool.Close(); close(closed) }()
		select {
		case <-closed:
		case <-time.After(cleanupTimeout):
			t.Errorf("pgtest: %d connections have not been released", pool.Stat().AcquiredConns())
		}
	})
	return pool
}

// DSN is New for a test that starts processes or needs several pools. Whoever
// is connected at the end of the test is disconnected.
func DSN(t testing.TB) string {
	t.Helper()
	server := os.Getenv(EnvURL)
	if server == "" {
		t.Fatalf("pgtest: no server: call pgtest.Main in TestMain, or set %s", EnvURL)
	}
	name := databaseName(t.Name())
	if err := create(t.Context(), server, name); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), cleanupTimeout)
		defer cancel()
		if err := drop(ctx, server, name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	dsn, err := withDatabase(server, name)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return dsn
}

// Server returns a server of the test's own, to be stopped and killed, with the
// migrated database son1k. It takes about a second to make.
func Server(t testing.TB) *embedded.Server {
	t.Helper()
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := StartThrowaway(t.Context(), log)
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(server.Stop)
	if err := postgres.Migrate(t.Context(), server.DSN(), log); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	return server.Server
}

// create clones the template, which it makes first if need be.
func create(ctx context.Context, server, name string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to the server for tests: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx))
	template, err := ensureTemplate(ctx, conn, server)
	if err != nil {
		return err
	}
	strategy, err := cloneStrategy(ctx, conn)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		"CREATE DATABASE " + quote(name) + " TEMPLATE " + quote(template) + " STRATEGY " + strategy,
		"ALTER DATABASE " + quote(name) + " SET timezone = '" + timezone + "'", // is not part of a template
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("clone the template database: %w", err)
		}
	}
	return nil
}

// cloneStrategy picks the faster one. Copying files takes half the time of
// logging pages, unless every file has to be flushed to disk.
func cloneStrategy(ctx context.Context, conn *pgx.Conn) (string, error) {
	var fsync string
	if err := conn.QueryRow(ctx, "SHOW fsync").Scan(&fsync); err != nil {
		return "", fmt.Errorf("read settings of the server for tests: %w", err)
	}
	if fsync == "off" {
		return "FILE_COPY", nil
	}
	return "WAL_LOG", nil
}

func drop(ctx context.Context, server, name string) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return fmt.Errorf("connect to the server for tests: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop the database of the test: %w", err)
	}
	return nil
}

// databaseName is unique and says which test the database belongs to.
func databaseName(test string) string {
	const longest = 63 // bytes of an identifier in Postgres
	var random [6]byte
	rand.Read(random[:])
	prefix, suffix := "son1k_test_", "_"+hex.EncodeToString(random[:])
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.TrimPrefix(test, "Test"))
	return prefix + clean[:min(len(clean), longest-len(prefix)-len(suffix))] + suffix
}

// withDatabase is dsn, a URL or a list of keywords, for another database.
func withDatabase(dsn, name string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn + " dbname=" + name, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", fmt.Errorf("%s is not a URL: %w", EnvURL, err)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }
