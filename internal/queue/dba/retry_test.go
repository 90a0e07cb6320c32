package dba_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

const back = "SELECT format('%s %s', id, state) FROM "

func TestRetryScheduled(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, "SELECT queue.enqueue('music', 'song'), queue.enqueue('music', 'song', run_at => now() + interval '1 day')")
	exec(t, pool, "UPDATE queue.job SET attempt = 1 WHERE id = 2")
	exec(t, op, "SELECT queue.enqueue('music', 'song')")
	ears := listen(t, pool)

	require.Equal(t, []string{"2 waiting"}, all[string](t, op, back+"queue.retry(2)"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []int64{1, 3, 2}, all[int64](t, op, "SELECT id FROM queue.waiting"), "it has been ready for the shortest time")
	require.Equal(t, 1, one[int](t, op, "SELECT attempt FROM queue.jobs WHERE id = 2"), "the attempts stay counted")
	require.True(t, one[bool](t, op, "SELECT run_at <= now() FROM queue.jobs WHERE id = 2"))
	require.Empty(t, all[string](t, op, back+"queue.retry(2)"), "nothing to do any more")
	require.Empty(t, ears.heard(t))
}

func TestRetryScheduledHeedsItsConcurrencyKey(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, `SELECT queue.enqueue('music', 'song', concurrency_key => 'anna', concurrency_limit => 1, run_at => now() + n * interval '1 day') FROM generate_series(0, 1) n`)
	require.Equal(t, []string{"2 blocked"}, all[string](t, op, back+"queue.retry(2)"), "one waits already")
	exec(t, op, "SELECT queue.cancel(1)")
	require.Equal(t, []string{"2 waiting"}, all[string](t, op, back+"queue.jobs"))

	exec(t, op, "SELECT queue.enqueue('music', 'song', concurrency_key => 'bob', concurrency_limit => 1, run_at => now() + interval '1 day')")
	require.Equal(t, []string{"3 waiting"}, all[string](t, op, back+"queue.retry(3)"), "there is place")
}

func TestRetryEnded(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	id := fail(t, pool, "music", "song", "k", "broken")
	exec(t, pool, `UPDATE queue.job_history SET checkpoint = '{"step": 3}', payload = '{"bpm": 90}', deadline_at = now(), priority = 7, traceparent = '00-1'`)
	ears := listen(t, pool)

	require.Equal(t, []string{"1 waiting"}, all[string](t, op, back+"queue.retry($1)", id))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Empty(t, history(t, pool))
	require.Equal(t, `k 7 0 3 1 {"step": 3} {"bpm": 90} broken 00-1  true`, one[string](t, pool, `
		SELECT format('%s %s %s %s %s %s %s %s %s %s %s', key, priority, attempt, max_attempts, redriven, checkpoint, payload,
			errors -> 0 ->> 'error', traceparent, deadline_at, (run_at > created_at)::text)
		FROM queue.job`))

	exec(t, op, "SELECT queue.cancel(1)")
	require.Equal(t, []string{"1 waiting"}, all[string](t, op, back+"queue.retry(1)"), "a cancelled one comes back too")
	require.Equal(t, 2, one[int](t, op, "SELECT redriven FROM queue.jobs"))
}

func TestRetryOfWhatCannotBe(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	by := worker(t, pool, "music", "song")
	exec(t, op, "SELECT queue.enqueue('music', 'song'), queue.enqueue('music', 'song')")
	run(t, pool, 1, by)
	finish(t, pool, 1, "completed", nil)
	run(t, pool, 2, by)
	failed := fail(t, pool, "music", "song", "k", "broken")
	exec(t, op, "SELECT queue.enqueue('music', 'song', key => 'k')")
	ears := listen(t, pool)
	for _, id := range []any{1, 2, failed, 4711, nil} {
		require.Empty(t, all[string](t, op, back+"queue.retry($1)", id), "%v", id)
	}
	require.Empty(t, ears.heard(t))
	require.Equal(t, []string{"1 completed", "3 failed"}, history(t, pool), "the one whose key a live job has is not lost")
}

func TestRedrive(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	fail(t, pool, "music", "song", "", "HTTP 503 after 1200 ms") // 1
	fail(t, pool, "music", "song", "", "HTTP 503 after 900 ms")
	fail(t, pool, "music", "mail", "", "HTTP 503 after 80 ms")
	fail(t, pool, "music", "song", "", "bad prompt")
	fail(t, pool, "music", "song", "same", "HTTP 503")
	fail(t, pool, "music", "song", "same", "HTTP 503")
	fail(t, pool, "other", "song", "", "HTTP 503")
	fail(t, pool, "music", "song", "live", "HTTP 503") // 8
	exec(t, op, "SELECT queue.enqueue('music', 'song', key => 'live')")
	exec(t, op, "SELECT queue.enqueue('music', 'gone')")
	exec(t, op, "SELECT queue.cancel(10)")
	exec(t, pool, "UPDATE queue.job_history SET finished_at = now() - interval '3 days' WHERE id = 2")
	ears := listen(t, pool)

	require.Equal(t, []string{"HTTP N 3 8", "HTTP N after N ms 2 3", "bad prompt 1 4"}, all[string](t, op,
		"SELECT format('%s %s %s', error, n, example_id) FROM queue.failure_groups('music')")[0:3])
	require.Equal(t, []string{"3 waiting"}, all[string](t, op, back+"queue.redrive('music', kind => 'mail')"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []string{"1 waiting"}, all[string](t, op, back+"queue.redrive('music', error_like => '%503 after%', since => '1 day')"))
	require.Equal(t, []string{"2 waiting"}, all[string](t, op, back+"queue.redrive('music', max_jobs => 1)"), "the oldest first")
	require.Equal(t, []string{"4 waiting", "5 waiting"}, all[string](t, op, back+"queue.redrive('music')"), "one of each key")
	ears.heard(t)
	require.Empty(t, all[string](t, op, back+"queue.redrive('music')"))
	require.Empty(t, ears.heard(t))
	require.Equal(t, []string{"6 failed", "7 failed", "8 failed", "10 cancelled"}, history(t, pool))
}
