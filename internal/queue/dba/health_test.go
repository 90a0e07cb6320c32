package dba_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

const unwell = `SELECT "check" FROM queue.health WHERE ok IS NOT TRUE ORDER BY 1`

func TestHealth(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	by := worker(t, pool, "music", "song")
	exec(t, pool, "SELECT queue.enqueue('music', 'song')")
	conn := connect(t, pool)
	require.Empty(t, all[string](t, conn, unwell))
	require.Len(t, all[string](t, conn, `SELECT "check" FROM queue.health WHERE value <> '' AND threshold <> '' AND advice LIKE '%.'`), 14)

	for check, damage := range map[string]string{
		"partitions_ahead": `
			DO $$ BEGIN
				EXECUTE 'DROP TABLE ' || (
					SELECT c.oid::regclass FROM pg_class c
					WHERE c.relname = 'metric' || to_char(date_trunc('hour', now() AT TIME ZONE 'UTC') + interval '1 hour', '_YYYYMMDD_HH24MI'));
			END $$`,
		"default_partitions": `
			INSERT INTO queue.job_history (id, outcome, finished_at, created_at, priority, attempt, max_attempts, queue, kind, payload)
			VALUES (1, 'failed', now() - interval '1 year', now(), 5, 1, 3, 'music', 'song', '{}')`,
		"silent_workers": `
			INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency, heartbeat_at)
			VALUES (gen_random_uuid(), 'host', 1, 'test', 'music', '{song}', 5, now() - interval '16 s')`,
		"unserved_queues":        "SELECT queue.enqueue('other', 'song')",
		"oldest_wait":            "SELECT queue.enqueue('music', 'song', run_at => now() - interval '6 minutes', priority => 7)",
		"parked_jobs":            "UPDATE queue.job SET state = 'parked'",
		"blocked_without_reason": "INSERT INTO queue.job (queue, kind, state, concurrency_key, concurrency_limit, by_hand) VALUES ('music', 'song', 'blocked', 'anna', 1, false)",
		"unblock_notes":          "INSERT INTO queue.unblock_note SELECT 'music', n FROM generate_series(1, 1000) n",
		"cancelling_long":        "UPDATE queue.job SET cancel_requested_at = now() - interval '2 minutes'",
		"failed_recently": `
			INSERT INTO queue.metric (worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
			VALUES (gen_random_uuid(), 'music', 100, 80, 20, 0, 0, 0, 0, '{}', '{}')`,
	} {
		exec(t, conn, "BEGIN")
		exec(t, conn, damage)
		require.Equal(t, []string{check}, all[string](t, conn, unwell))
		exec(t, conn, "ROLLBACK")
		require.Empty(t, all[string](t, conn, unwell))
	}

	run(t, pool, 1, by)
	exec(t, pool, "UPDATE queue.job SET cancel_requested_at = now() - interval '2 minutes'")
	require.Equal(t, []string{"cancelling_long"}, all[string](t, conn, unwell), "a running one too")
}

// Blocked jobs whose reason runs or waits are fine, however many keys there are.
func TestHealthOfBlockedJobs(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	worker(t, pool, "music", "song")
	exec(t, pool, `
		SELECT queue.enqueue('music', 'song', concurrency_key => 'user-' || n % 40, concurrency_limit => 1) FROM generate_series(1, 120) n`)
	require.Empty(t, all[string](t, pool, unwell))
	exec(t, pool, "ALTER TABLE queue.job DISABLE TRIGGER after_delete")
	exec(t, pool, "DELETE FROM queue.job WHERE state = 'waiting' AND concurrency_key IN ('user-0', 'user-17', 'user-9')")
	require.Equal(t, "3 concurrency keys", one[string](t, pool, `SELECT value FROM queue.health WHERE "check" = 'blocked_without_reason'`))
}

func TestHealthOfDeadRows(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	conn := connect(t, pool)
	exec(t, conn, "INSERT INTO queue.job (queue, kind, by_hand) SELECT 'music', 'song', false FROM generate_series(1, 100001)")
	exec(t, conn, "DELETE FROM queue.job")
	exec(t, conn, "SELECT pg_stat_force_next_flush()")
	require.Equal(t, []string{"dead_rows"}, all[string](t, conn, unwell))
	exec(t, conn, "VACUUM queue.job")
	exec(t, conn, "SELECT pg_stat_force_next_flush()")
	require.Empty(t, all[string](t, conn, unwell))
}

// A transaction that was left open is seen, with who left it.
func TestVacuumBlockers(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ro := as(t, pool, reader)
	require.Empty(t, all[string](t, ro, "SELECT name FROM queue.vacuum_blockers"))
	culprit := connect(t, pool)
	exec(t, culprit, "SET application_name = 'forgotten'")
	pid := one[string](t, culprit, "SELECT pg_backend_pid()::text")
	exec(t, culprit, "BEGIN ISOLATION LEVEL REPEATABLE READ")
	exec(t, culprit, "SELECT count(*) FROM queue.job")
	require.Equal(t, "session "+pid+" forgotten idle in transaction", one[string](t, ro,
		"SELECT format('%s %s %s %s', what, name, application, state) FROM queue.vacuum_blockers"))
	require.Contains(t, one[string](t, ro, `SELECT value FROM queue.health WHERE "check" = 'oldest_transaction'`), "session "+pid+" (forgotten)")
	exec(t, culprit, "ROLLBACK")
	require.Empty(t, all[string](t, ro, "SELECT name FROM queue.vacuum_blockers"))
}
