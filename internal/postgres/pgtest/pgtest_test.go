package pgtest_test

import (
	"context"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/embedded"
	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "b", "ñ / " + `"quoted"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pool := pgtest.New(t)
			_, err := pool.Exec(t.Context(), "CREATE TABLE mine (id int)")
			require.NoError(t, err, "nobody else has made it here")
			var zone string
			require.NoError(t, pool.QueryRow(t.Context(), "SHOW timezone").Scan(&zone))
			require.Equal(t, "Asia/Kathmandu", zone)
		})
	}
}

func TestDatabaseIsMigrated(t *testing.T) {
	t.Parallel()
	states, err := postgres.MigrationStatus(t.Context(), pgtest.DSN(t))
	require.NoError(t, err)
	require.NotEmpty(t, states)
	for _, s := range states {
		require.True(t, s.Applied, s.Name)
	}
}

// At the end of a test its database is gone, even if somebody is connected.
func TestDatabaseIsDropped(t *testing.T) {
	t.Parallel()
	var dsn string
	var conn *pgx.Conn
	t.Run("test", func(t *testing.T) {
		var err error
		dsn = pgtest.DSN(t)
		conn, err = pgx.Connect(t.Context(), dsn)
		require.NoError(t, err)
	})
	ctx := t.Context()
	require.Error(t, conn.Ping(ctx))
	conn.Close(ctx)
	_, err := pgx.Connect(ctx, dsn)
	require.ErrorContains(t, err, "does not exist")
}

// A fresh server: many tests want the template at once, which one makes.
func TestTemplateIsMadeOnce(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	errs := make(chan error)
	names := []string{"x1", "x2", "x3", "x4", "x5", "x6"}
	for _, name := range names {
		go func() { errs <- pgtest.Create(t.Context(), server.DSN(), name) }()
	}
	for range names {
		require.NoError(t, <-errs)
	}
	require.Equal(t, []string{"x1", "x2", "x3", "x4", "x5", "x6"}, list(t, server, "x%"))
	require.Len(t, list(t, server, "son1k_template_%"), 1)
}

// One who died left half a template.
func TestTemplateIsNeverHalfMade(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	conn, err := pgx.Connect(t.Context(), server.DSN())
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	name, err := pgtest.TemplateName()
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	require.NoError(t, pgtest.Create(t.Context(), server.DSN(), "x"))
	var migrated bool
	dsn, err := pgtest.WithDatabase(server.DSN(), "x")
	require.NoError(t, err)
	clone, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer clone.Close(context.WithoutCancel(t.Context()))
	require.NoError(t, clone.QueryRow(t.Context(), "SELECT to_regclass('goose_db_version') IS NOT NULL").Scan(&migrated))
	require.True(t, migrated)
}

func TestServerToKill(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), server.DSN())
		if err != nil {
			return false
		}
		defer conn.Close(t.Context())
		return conn.Ping(t.Context()) == nil
	}, 30*time.Second, 20*time.Millisecond)
}

func TestHashOfMigrations(t *testing.T) {
	t.Parallel()
	hash := func(files fstest.MapFS) string {
		sum, err := pgtest.HashOf(files)
		require.NoError(t, err)
		return sum
	}
	base := hash(fstest.MapFS{"m/1.sql": {Data: []byte("a")}, "m/2.sql": {Data: []byte("b")}})
	require.Len(t, base, 16)
	require.NotEqual(t, base, hash(fstest.MapFS{"m/1.sql": {Data: []byte("a")}, "m/2.sql": {Data: []byte("c")}}))
	require.NotEqual(t, base, hash(fstest.MapFS{"m/1.sql": {Data: []byte("a")}, "m/3.sql": {Data: []byte("b")}}))
	require.NotEqual(t, base, hash(fstest.MapFS{"m/1.sql": {Data: []byte("a")}}))
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for dsn, want := range map[string]string{
		"postgres://u:p@h:1/old?sslmode=disable": "postgres://u:p@h:1/x?sslmode=disable",
		"postgresql:///?host=%2Fa%20b":           "postgresql:///x?host=%2Fa%20b",
		"host=/run dbname=old":                   "host=/run dbname=old dbname=x",
	} {
		got, err := pgtest.WithDatabase(dsn, "x")
		require.NoError(t, err)
		require.Equal(t, want, got)
		conf, err := pgx.ParseConfig(got)
		require.NoError(t, err)
		require.Equal(t, "x", conf.Database)
	}
	_, err := pgtest.WithDatabase("postgres://%zz", "x")
	require.Error(t, err)
}

func BenchmarkDSN(b *testing.B) {
	for b.Loop() {
		pgtest.DSN(b)
	}
}

func list(t *testing.T, server *embedded.Server, like string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), server.DSN())
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), "SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY 1", like)
	require.NoError(t, err)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return names
}
