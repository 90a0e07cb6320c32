package dba_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestWhyAJobDoesNotRun(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ro := as(t, pool, reader)
	by := worker(t, pool, "music", "song")
	exec(t, pool, "INSERT INTO queue.queue (name) VALUES ('music')")
	add := func(arguments string) int64 {
		return one[int64](t, pool, "SELECT id FROM queue.enqueue("+arguments+")")
	}
	why := func(id int64) any {
		return one[*string](t, ro, "SELECT why FROM queue.jobs WHERE id = $1", id)
	}
	says := func(id int64, want string) {
		t.Helper()
		require.Equal(t, &want, why(id))
	}

	waits := add("'music', 'song', concurrency_key => 'anna', concurrency_limit => 1")
	says(waits, "Waits its turn.")
	blocked := add("'music', 'song', concurrency_key => 'anna', concurrency_limit => 1")
	says(blocked, "1 of at most 1 jobs with concurrency key anna wait or run already.")
	unknown := add("'music', 'video'")
	says(unknown, "No live worker knows kind video.")
	unserved := add("'other', 'song'")
	says(unserved, "No live worker serves this queue.")
	says(add("'music', 'song', run_at => '2100-01-01 00:00+00'"), "Scheduled for 2100-01-01 05:45:00+05:45.")
	retried := add("'music', 'song', run_at => '2100-01-01 00:00+00'")
	exec(t, pool, "UPDATE queue.job SET attempt = 1 WHERE id = $1", retried)
	says(retried, "Scheduled for 2100-01-01 05:45:00+05:45, after a failed attempt.")
	exec(t, pool, "UPDATE queue.job SET run_at = now() WHERE id = $1", retried)
	says(retried, "Is due: a worker will put it in line in a moment.")
	late := add("'music', 'song'")
	exec(t, pool, "UPDATE queue.job SET deadline_at = now() - interval '1 s' WHERE id = $1", late)
	says(late, "Its deadline has passed: it will fail.")
	exec(t, pool, "UPDATE queue.job SET cancel_requested_at = now() WHERE id = $1", late)
	says(late, "Is being cancelled.")

	run(t, pool, waits, by)
	require.Nil(t, why(waits))
	full := add("'music', 'song'")
	exec(t, pool, "UPDATE queue.worker SET running = 1")
	exec(t, pool, "UPDATE queue.queue SET max_running = 1")
	says(full, "Waits its turn: as many jobs run as max_running of the queue lets.")
	exec(t, pool, "UPDATE queue.queue SET max_running = 2")
	says(full, "Waits its turn.")
	exec(t, pool, "UPDATE queue.queue SET paused_at = now()")
	says(full, "The queue is paused.")
	exec(t, pool, "UPDATE queue.queue SET paused_at = NULL")
	exec(t, pool, "UPDATE queue.worker SET heartbeat_at = now() - interval '16 s'")
	says(full, "No live worker serves this queue.")
	exec(t, pool, "UPDATE queue.worker SET heartbeat_at = now(), dead_at = now()")
	says(full, "No live worker serves this queue.")
}

func TestWaited(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ro := as(t, pool, reader)
	exec(t, pool, "SELECT queue.enqueue('music', 'song', run_at => now() - interval '10 minutes') FROM generate_series(1, 2)")
	exec(t, pool, "SELECT queue.enqueue('music', 'song', run_at => now() + interval '10 minutes')")
	run(t, pool, 1, worker(t, pool, "music", "song"))
	exec(t, pool, "UPDATE queue.job SET started_at = run_at + interval '4 minutes' WHERE id = 1")
	require.Equal(t, []string{"00:04:00", "00:10:00", ""}, all[string](t, ro, "SELECT coalesce(date_trunc('minute', waited)::text, '') FROM queue.jobs ORDER BY id"))
	require.Equal(t, "00:06:00", one[string](t, ro, "SELECT date_trunc('minute', running_for)::text FROM queue.running"))
	finish(t, pool, 1, "completed", nil)
	require.Equal(t, "00:04:00 00:06:00 00:00:00", one[string](t, ro,
		"SELECT format('%s %s %s', date_trunc('minute', waited), date_trunc('minute', ran), date_trunc('minute', took)) FROM queue.history"))
	exec(t, pool, "SELECT queue.cancel(2)")
	require.Equal(t, "//", one[string](t, ro, "SELECT format('%s/%s/%s', waited, ran, '') FROM queue.history WHERE id = 2"), "it never ran")
}

func TestWorkers(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ro := as(t, pool, reader)
	by := worker(t, pool, "music", "song")
	exec(t, pool, "SELECT queue.enqueue('music', 'song'), queue.enqueue('music', 'song')")
	run(t, pool, 1, by)
	status := func() string {
		return one[string](t, ro, "SELECT w.status || ' ' || r.worker_alive::text FROM queue.workers w JOIN queue.running r ON r.worker_id = w.id")
	}
	require.Equal(t, "alive true", status())
	exec(t, pool, "UPDATE queue.worker SET heartbeat_at = now() - interval '16 s'")
	require.Equal(t, "silent false", status())
	exec(t, pool, "UPDATE queue.worker SET dead_at = now()")
	require.Equal(t, "dead false", status())
	exec(t, pool, "DELETE FROM queue.worker")
	require.Equal(t, "false", one[string](t, ro, "SELECT worker_alive::text FROM queue.running"), "a job of nobody is seen too")
}

func TestStats(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ro := as(t, pool, reader)
	by := worker(t, pool, "music", "song")
	exec(t, pool, "INSERT INTO queue.lane (queue, priority, mark) VALUES ('music', 5, 0), ('music', 50, 0)")
	exec(t, pool, "SELECT queue.enqueue('music', 'song', priority => 5, run_at => now() - interval '1 minute') FROM generate_series(1, 4)")
	exec(t, pool, "SELECT queue.enqueue('music', 'song', priority => 7)")              // no worker has seen this priority yet
	exec(t, pool, "SELECT queue.enqueue('aaa', 'song'), queue.enqueue('zzz', 'song')") // nor these queues
	exec(t, pool, "SELECT queue.enqueue('music', 'song', run_at => now() + interval '1 day') FROM generate_series(1, 3)")
	exec(t, pool, "UPDATE queue.job SET state = 'parked' WHERE id = (SELECT min(id) FROM queue.job WHERE queue = 'music' AND state = 'scheduled')")
	exec(t, pool, "SELECT queue.enqueue('music', 'song', priority => 50, concurrency_key => 'anna', concurrency_limit => 1) FROM generate_series(1, 3)")
	run(t, pool, 1, by)
	metric := func(ago string, completed int, bucket int) {
		exec(t, pool, `
			INSERT INTO queue.metric (at, worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
			SELECT now() - $1::interval, $2, 'music', 5, $3, 1, 2, 3, 4, 5, h, h
			FROM (SELECT array_agg(CASE i WHEN $4 THEN 99 WHEN 60 THEN 1 ELSE 0 END ORDER BY i) AS h FROM generate_series(1, 64) i) t`, ago, by, completed, bucket)
	}
	metric("1 minute", 100, 10)
	metric("4 minutes", 200, 10)
	metric("6 minutes", 7000, 20)

	require.Equal(t, []string{
		"aaa 100 1 t 0",
		"music 5 3 t 1",
		"music 7 1 t 0",
		"music 50 1 t 0",
		"zzz 100 1 t 0",
	}, all[string](t, ro, "SELECT format('%s %s %s %s %s', queue, priority, waiting, waiting_exact, running) FROM queue.stats"))
	require.Equal(t, "1 2 6 8 4 10 00:01:00", one[string](t, ro, `
		SELECT format('%s %s %s %s %s %s %s', completed_per_s, failed, retried, snoozed, cancelled, rescued, date_trunc('minute', oldest_wait))
		FROM queue.stats WHERE queue = 'music' AND priority = 5`))
	require.Equal(t, "8 8 8 8", one[string](t, ro, `
		SELECT format('%s %s %s %s', wait_p50_ms, wait_p95_ms, wait_p99_ms, run_p50_ms) FROM queue.stats WHERE queue = 'music' AND priority = 5`))
	require.Equal(t, "music active 5 1 2 2 1 1", one[string](t, ro, `
		SELECT format('%s %s %s %s %s %s %s %s', name, state, waiting, running, scheduled, blocked, parked, workers) FROM queue.queues WHERE name = 'music'`))
	require.Equal(t, []string{"aaa", "music", "zzz"}, all[string](t, ro, "SELECT name FROM queue.queues"))
}

// What is too much to count is as the workers counted it last.
func TestStatsOfALongLine(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	exec(t, pool, "INSERT INTO queue.job (queue, kind, by_hand) SELECT 'music', 'song', false FROM generate_series(1, 1001)")
	const line = "SELECT format('%s %s', waiting, waiting_exact) FROM queue.stats"
	require.Equal(t, "1000 f", one[string](t, pool, line))
	exec(t, pool, "INSERT INTO queue.lane (queue, priority, mark, waiting) VALUES ('music', 100, 0, 12345)")
	require.Equal(t, "12345 f", one[string](t, pool, line))
	exec(t, pool, "DELETE FROM queue.job WHERE id > 999")
	require.Equal(t, "999 t", one[string](t, pool, line))
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, c := range []struct {
		hist string
		p    float64
		want string
	}{
		{"{}", 0.5, "none"},
		{"{0,0,0}", 0.5, "none"},
		{"{1}", 0.5, "0.354"},
		{"{0,0,0,1}", 0.99, "1"},
		{"{50,0,0,50}", 0.5, "0.354"},
		{"{50,0,0,50}", 0.51, "1"},
		{"{99,0,0,1}", 0.99, "0.354"},
		{"{98,0,0,2}", 0.99, "1"},
	} {
		require.Equal(t, c.want, one[string](t, pool, "SELECT coalesce(round(queue.percentile_ms($1::bigint[], $2)::numeric, 3)::float8::text, 'none')", c.hist, c.p), fmt.Sprint(c))
	}
	require.Equal(t, "759250125", one[string](t, pool, "SELECT round(queue.percentile_ms(array_fill(0::bigint, ARRAY[63]) || 1::bigint, 0.5)::numeric)::text"), "the last bucket has no end")
}

func TestJobDetail(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, `SELECT queue.enqueue('music', 'song', '{"bpm": 90}')`)
	const line = "SELECT format('%s/%s/%s/%s', state, payload, why, errors -> 0 ->> 'error') FROM queue.job_detail(1)"
	require.Equal(t, `waiting/{"bpm": 90}/No live worker serves this queue./`, one[string](t, op, line))
	run(t, pool, 1, worker(t, pool, "music", "song"))
	message := "broken"
	finish(t, pool, 1, "failed", &message)
	require.Equal(t, `failed/{"bpm": 90}//broken`, one[string](t, op, line))
	require.Empty(t, all[int64](t, op, "SELECT id FROM queue.job_detail(4711)"))
}
