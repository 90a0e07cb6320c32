package dba_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// What the views call with the rights of whoever reads them; they only read.
var readerFunctions = []string{"bucket_ms", "count_held_up", "count_trouble", "known_queues", "measure", "percentile_ms", "xmin_holders"} //nolint:gochecknoglobals // constant

// What an operator calls; draw_seq is the default of a column.
var operatorFunctions = []string{ //nolint:gochecknoglobals // constant
	"cancel", "cancel_where", "drain", "draw_seq", "drop_schedule", "enqueue", "failure_groups", "job_detail", "pause", "pause_schedule",
	"redrive", "resume", "resume_schedule", "retry", "set_limits", "set_priority", "set_priority_where", "set_retention", "set_schedule",
}

const ours = "('queue', 'events', 'partition')"

// rights lists everything in our schemas that a role may do. It looks at the
// catalogue, so that it knows what later migrations make.
func rights(t *testing.T, db querier, role string) (functions, views, others []string) {
	t.Helper()
	functions = all[string](t, db, `
		SELECT DISTINCT p.proname::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN `+ours+` AND has_function_privilege($1, p.oid, 'EXECUTE') ORDER BY 1`, role)
	views = all[string](t, db, `
		SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN `+ours+` AND c.relkind = 'v' AND has_table_privilege($1, c.oid, 'SELECT') ORDER BY 1`, role)
	others = all[string](t, db, `
		SELECT format('%s %s', lower(p.what), c.oid::regclass)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'), ('TRIGGER')) AS p (what)
		WHERE n.nspname IN `+ours+` AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT (c.relkind = 'v' AND p.what = 'SELECT')
		  AND has_table_privilege($1, c.oid, p.what)
		UNION ALL
		SELECT format('%s %s.%s', lower(p.what), c.oid::regclass, a.attname)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) AS p (what)
		WHERE n.nspname IN `+ours+` AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
		  AND has_column_privilege($1, c.oid, a.attnum, p.what) AND NOT has_table_privilege($1, c.oid, p.what)
		UNION ALL
		SELECT format('%s %s', lower(p.what), c.oid::regclass)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		CROSS JOIN (VALUES ('SELECT'), ('UPDATE'), ('USAGE')) AS p (what)
		WHERE n.nspname IN `+ours+` AND CASE c.relkind WHEN 'S' THEN has_sequence_privilege($1, c.oid, p.what) END
		UNION ALL
		SELECT format('%s schema %s', lower(p.what), n.nspname)
		FROM pg_namespace n CROSS JOIN (VALUES ('USAGE'), ('CREATE')) AS p (what)
		WHERE n.nspname IN `+ours+` AND has_schema_privilege($1, n.oid, p.what)
		ORDER BY 1`, role)
	return functions, views, others
}

func everyView(t *testing.T, db querier) []string {
	t.Helper()
	return all[string](t, db, "SELECT relname::text FROM pg_class WHERE relnamespace = 'queue'::regnamespace AND relkind = 'v' ORDER BY 1")
}

func TestRightsOfReader(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	functions, views, others := rights(t, pool, reader)
	require.Equal(t, readerFunctions, functions)
	require.Equal(t, everyView(t, pool), views)
	require.Equal(t, []string{"usage schema queue"}, others)

	ro := as(t, pool, reader)
	exec(t, pool, "SELECT queue.enqueue('music', 'song')")
	for _, view := range views {
		exec(t, ro, "SELECT * FROM queue."+view)
	}
	require.ErrorContains(t, fails(t, ro, "SELECT FROM queue.job"), "permission denied for table job")
	require.ErrorContains(t, fails(t, ro, "SELECT queue.cancel(1)"), "permission denied for function cancel")
	require.ErrorContains(t, fails(t, ro, "INSERT INTO queue.job (queue, kind) VALUES ('music', 'song')"), "permission denied for table job")
	require.ErrorContains(t, fails(t, ro, "UPDATE queue.jobs SET priority = 1"), "permission denied for view jobs")
}

func TestRightsOfOperator(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	functions, views, others := rights(t, pool, operator)
	require.Equal(t, slices.Sorted(slices.Values(append(slices.Clone(readerFunctions), operatorFunctions...))), functions)
	require.Equal(t, everyView(t, pool), views)
	require.Equal(t, []string{
		"insert queue.job.concurrency_key", "insert queue.job.concurrency_limit", "insert queue.job.deadline_at", "insert queue.job.key",
		"insert queue.job.kind", "insert queue.job.max_attempts", "insert queue.job.payload", "insert queue.job.priority",
		"insert queue.job.queue", "insert queue.job.run_at", "insert queue.job.traceparent",
		"usage queue.ready_seq", "usage schema queue",
	}, others)

	op := as(t, pool, operator)
	exec(t, op, `
		INSERT INTO queue.job (queue, kind, key, priority, max_attempts, run_at, deadline_at, concurrency_key, concurrency_limit, traceparent, payload)
		VALUES ('music', 'song', 'k', 5, 3, now(), now(), 'anna', 1, '00-1', '{}')`)
	for _, column := range []string{"by_hand", "state", "attempt", "seq", "id", "worker_id", "created_at"} {
		require.ErrorContains(t, fails(t, op, "INSERT INTO queue.job (queue, kind, "+column+") VALUES ('music', 'song', DEFAULT)"), "permission denied", column)
	}
	for _, sql := range []string{
		"SELECT FROM queue.job", "UPDATE queue.job SET priority = 1", "DELETE FROM queue.job", "DELETE FROM queue.job_history", "TRUNCATE queue.job",
		"UPDATE queue.queue SET paused_at = now()", "SELECT FROM queue.setting", "SELECT setval('queue.ready_seq', 1)", "SELECT queue.end_waiting('{1}', 'failed', '')",
		"SELECT FROM users", "SELECT partition.ensure('queue.metric', '1 hour', 3)", "CREATE TABLE queue.mine ()",
	} {
		require.ErrorContains(t, fails(t, op, sql), "permission denied", sql)
	}
}

func TestPublicHasNoRights(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	nobody := "dba_test_" + uuid.NewString()
	exec(t, pool, "CREATE ROLE "+pgx.Identifier{nobody}.Sanitize())
	t.Cleanup(func() { // before the pool closes
		_, err := pool.Exec(context.WithoutCancel(t.Context()), "DROP ROLE "+pgx.Identifier{nobody}.Sanitize())
		require.NoError(t, err)
	})
	functions, views, others := rights(t, pool, nobody)
	require.Empty(t, functions)
	require.Empty(t, views)
	require.Empty(t, others)
	conn := as(t, pool, nobody)
	require.ErrorContains(t, fails(t, conn, "SELECT FROM queue.jobs"), "permission denied for schema queue")
}

// The application needs no more than son1k_app.
func TestRightsOfApp(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exec(t, pool, "CREATE TABLE queue.later (n serial)") // as a later migration would
	require.Empty(t, all[string](t, pool, `
		SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('queue', 'events', 'partition', 'public') AND c.relkind IN ('r', 'p', 'v')
		  AND NOT (has_table_privilege($1, c.oid, 'SELECT') AND has_table_privilege($1, c.oid, 'INSERT')
		       AND has_table_privilege($1, c.oid, 'UPDATE') AND has_table_privilege($1, c.oid, 'DELETE'))
		UNION ALL
		SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname IN ('queue', 'events', 'partition', 'public') AND CASE c.relkind WHEN 'S' THEN NOT has_sequence_privilege($1, c.oid, 'USAGE') END
		UNION ALL
		SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN ('queue', 'events', 'partition', 'public') AND NOT has_function_privilege($1, p.oid, 'EXECUTE')`, app))

	conn := as(t, pool, app)
	require.Equal(t, 7, one[int](t, conn, "SELECT partition.ensure('queue.metric', '1 hour', 10)"), "partitions of a table that it does not own")
	require.Equal(t, 0, one[int](t, conn, "SELECT partition.drop_expired('queue.metric', '1 hour', '1 day')"))
	require.Equal(t, 11, one[int](t, conn, "SELECT partition.drop_expired('queue.metric', '1 hour', '-1 day')"))
	exec(t, conn, "INSERT INTO queue.job (queue, kind, concurrency_key, concurrency_limit, by_hand) SELECT 'music', 'song', 'anna', 1, false FROM generate_series(1, 2)")
	run(t, conn, 1, worker(t, conn, "music", "song"))
	finish(t, conn, 1, "completed", nil)
	require.Equal(t, []string{"2 waiting"}, all[string](t, conn, back+"queue.jobs"))
	require.ErrorContains(t, fails(t, conn, "DROP TABLE queue.later"), "must be owner")
}

// Functions that run with the rights of their owner read names where nobody else
// can put any.
func TestSearchPathIsFixed(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const definer = `
		SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
		WHERE n.nspname IN ` + ours + ` AND p.prosecdef`
	require.Empty(t, all[string](t, pool, definer+" AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)"))
	require.NotEmpty(t, all[string](t, pool, definer))

	// And what they call finds everything from there.
	op := as(t, pool, operator)
	exec(t, op, "SET search_path = ''")
	exec(t, op, "INSERT INTO queue.job (queue, kind, concurrency_key, concurrency_limit) VALUES ('music', 'song', 'anna', 1)")
	exec(t, op, "SELECT queue.cancel(1)")
	exec(t, op, "SELECT * FROM queue.health, queue.stats, queue.queues")
}

func members(t *testing.T, pool *pgxpool.Pool, role string) []string {
	t.Helper()
	return all[string](t, pool, "SELECT r.rolname::text FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE m.roleid = $1::regrole ORDER BY 1", role)
}

func TestOperatorsAreReaders(t *testing.T) {
	t.Parallel()
	require.Contains(t, members(t, pgtest.New(t), reader), operator)
}
