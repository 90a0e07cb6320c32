package dba_test

import (
	"context"
	"log/slog"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
)

// cluster is a server of the test's own, whose roles it may drop.
type cluster struct {
	dsn   string
	admin *pgx.Conn
}

func newCluster(t *testing.T) cluster {
	t.Helper()
	server := pgtest.Server(t)
	c := cluster{dsn: server.DSN()}
	require.NoError(t, postgres.MigrateDown(t.Context(), c.dsn, 0))
	c.admin = c.connect(t, c.dsn)
	exec(t, c.admin, "DROP ROLE son1k_reader, son1k_operator, son1k_app") // no right of theirs is left
	return c
}

func (c cluster) connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) }) //nolint:errcheck // nothing to lose
	return conn
}

// database makes one that belongs to owner, and returns how owner reaches it.
func (c cluster) database(t *testing.T, name, owner string) string {
	t.Helper()
	exec(t, c.admin, "CREATE DATABASE "+name+" OWNER "+owner)
	u, err := url.Parse(c.dsn)
	require.NoError(t, err)
	u.Path = "/" + name
	u.RawQuery += "&role=" + owner
	return u.String()
}

// Whoever migrates need be neither superuser nor allowed to make roles: then an
// administrator makes them, and the owner gives them their rights.
func TestMigrationByAPlainOwner(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	exec(t, c.admin, "CREATE ROLE plain")
	dsn := c.database(t, "plain", "plain")
	require.NoError(t, postgres.Migrate(t.Context(), dsn, slog.New(slog.DiscardHandler)))
	require.Empty(t, all[string](t, c.admin, "SELECT rolname::text FROM pg_roles WHERE rolname LIKE 'son1k_%'"))

	owner := c.connect(t, dsn)
	require.Equal(t, int64(1), one[int64](t, owner, "SELECT id FROM queue.enqueue('music', 'song')"))
	exec(t, c.admin, "CREATE ROLE son1k_reader")
	exec(t, c.admin, "CREATE ROLE son1k_operator IN ROLE son1k_reader")
	exec(t, owner, "SELECT queue.grant_rights()")
	exec(t, c.admin, "CREATE ROLE anna IN ROLE son1k_operator")
	exec(t, c.admin, "GRANT anna TO plain")
	exec(t, owner, "SET ROLE anna")
	require.Equal(t, []string{"1 waiting"}, all[string](t, owner, back+"queue.jobs"))
	require.Equal(t, []string{"1 waiting true"}, all[string](t, owner, cancelled+"queue.cancel(1)"))
}

// The roles are the cluster's: several databases may want to make them at once.
func TestConcurrentMigrationsOfSeveralDatabases(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	var dsns []string
	for _, name := range []string{"a", "b", "c", "d"} {
		dsns = append(dsns, c.database(t, name, "postgres"))
	}
	var wg sync.WaitGroup
	for _, dsn := range dsns {
		wg.Go(func() {
			if err := postgres.Migrate(t.Context(), dsn, slog.New(slog.DiscardHandler)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, dsn := range dsns {
		conn := c.connect(t, dsn)
		exec(t, conn, "SET ROLE son1k_operator")
		require.Equal(t, int64(1), one[int64](t, conn, "SELECT id FROM queue.enqueue('music', 'song')"))
	}
	// Or one a member of another.
	first, second := c.connect(t, dsns[0]), c.connect(t, dsns[1])
	exec(t, first, "REVOKE son1k_reader FROM son1k_operator")
	exec(t, first, "BEGIN")
	exec(t, first, "GRANT son1k_reader TO son1k_operator")
	granted := make(chan error)
	go func() {
		_, err := second.Exec(t.Context(), "SELECT queue.grant_rights()")
		granted <- err
	}()
	require.Eventually(t, func() bool {
		return len(all[int](t, c.admin, "SELECT pid FROM pg_stat_activity WHERE pid = $1 AND wait_event_type = 'Lock'", second.PgConn().PID())) == 1
	}, 10*time.Second, 5*time.Millisecond)
	exec(t, first, "COMMIT")
	require.NoError(t, <-granted)
}
