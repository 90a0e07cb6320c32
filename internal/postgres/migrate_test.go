package postgres_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
)

var quiet = slog.New(slog.DiscardHandler) //nolint:gochecknoglobals // says nothing

// objects describes everything of ours in a database.
func objects(t *testing.T, dsn string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // read only
	rows, err := conn.Query(t.Context(), `
		SELECT format('%s %s.%s %s', c.relkind, n.nspname, c.relname,
			(SELECT string_agg(format('%s %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum)
			 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND c.relname NOT LIKE 'goose%'
		UNION ALL
		SELECT format('function %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
		UNION ALL
		SELECT format('type %s', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
		WHERE t.typtype = 'e'
		UNION ALL
		SELECT format('constraint %s %s', conrelid::regclass, pg_get_constraintdef(k.oid)) FROM pg_constraint k
		JOIN pg_namespace n ON n.oid = k.connamespace
		WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND conrelid::regclass::text NOT LIKE 'goose%'
		UNION ALL
		SELECT format('schema %s', nspname) FROM pg_namespace WHERE nspname !~ '^(pg_|information_schema|public)'
		ORDER BY 1`)
	require.NoError(t, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return all
}

// Every migration goes up, down and up again, and leaves nothing behind.
func TestMigrationsGoUpDownAndUp(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	up := objects(t, dsn)
	require.Greater(t, len(up), 30)
	for version := postgres.SchemaVersion() - 1; version >= 0; version-- {
		require.NoError(t, postgres.MigrateDown(t.Context(), dsn, version), "down to %d", version)
		require.NoError(t, postgres.Migrate(t.Context(), dsn, quiet), "up from %d", version)
		require.Empty(t, cmp.Diff(up, objects(t, dsn)), "down to %d and up again", version)
		require.NoError(t, postgres.MigrateDown(t.Context(), dsn, version))
	}
	require.Empty(t, objects(t, dsn))
}

// Ten processes may start at once on an empty database.
func TestConcurrentMigrations(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	up := objects(t, dsn)
	require.NoError(t, postgres.MigrateDown(t.Context(), dsn, 0))
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "DROP TABLE goose_db_version") // as nobody ever was here
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := postgres.Migrate(t.Context(), dsn, quiet); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Empty(t, cmp.Diff(up, objects(t, dsn)))
}

func TestSchemaOfANewerBinaryIsLeftAlone(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context())) //nolint:errcheck // nothing to lose
	_, err = conn.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)")
	require.NoError(t, err)
	require.ErrorIs(t, postgres.Migrate(t.Context(), dsn, quiet), postgres.ErrSchemaTooNew)
	require.ErrorIs(t, postgres.MigrateDown(t.Context(), dsn, 0), postgres.ErrSchemaTooNew)
}

func TestMigrationStatus(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	last := postgres.SchemaVersion()
	require.NoError(t, postgres.MigrateDown(t.Context(), dsn, last-1))
	states, err := postgres.MigrationStatus(t.Context(), dsn)
	require.NoError(t, err)
	require.Len(t, states, int(last))
	for _, s := range states {
		require.Equal(t, s.Version < last, s.Applied, s.Name)
	}
}

// Everything that people see has a comment.
func TestSchemaIsCommented(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rows, err := pool.Query(t.Context(), `
		SELECT format('%s %s.%s', c.relkind, n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'v') AND NOT c.relispartition AND c.relname NOT LIKE 'goose%'
		  AND n.nspname IN ('public', 'queue', 'events') AND obj_description(c.oid) IS NULL
		UNION ALL
		SELECT format('function %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN ('public', 'queue', 'events', 'partition') AND obj_description(p.oid) IS NULL`)
	require.NoError(t, err)
	missing, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.Empty(t, missing)
}
