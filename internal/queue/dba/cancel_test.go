package dba_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

const cancelled = "SELECT format('%s %s %s', id, state_was, ended::text) FROM "

func history(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	return all[string](t, pool, "SELECT format('%s %s', id, outcome) FROM queue.job_history ORDER BY id")
}

func TestCancelWaiting(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, `SELECT queue.enqueue('music', 'song', concurrency_key => 'anna', concurrency_limit => 1) FROM generate_series(1, 2)`)
	ears := listen(t, pool)

	require.Equal(t, []string{"1 waiting true"}, all[string](t, op, cancelled+"queue.cancel(1)"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []string{"1 cancelled"}, history(t, pool))
	require.Equal(t, []string{"2 waiting"}, all[string](t, op, "SELECT format('%s %s', id, state) FROM queue.jobs"), "the blocked one goes on")

	require.Empty(t, all[string](t, op, cancelled+"queue.cancel(1)"), "it has ended")
	require.Empty(t, all[string](t, op, cancelled+"queue.cancel(4711)"), "nobody knows it")
	require.Empty(t, all[string](t, op, cancelled+"queue.cancel(NULL)"))
	require.Empty(t, ears.heard(t))
}

func TestCancelRunning(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, "SELECT queue.enqueue('music', 'song')")
	run(t, pool, 1, worker(t, pool, "music", "song"))
	ears := listen(t, pool)

	require.Equal(t, []string{"1 running false"}, all[string](t, op, cancelled+"queue.cancel(1)"))
	require.Equal(t, []string{"cancel 1"}, ears.heard(t))
	first := one[string](t, pool, "SELECT cancel_requested_at::text FROM queue.job")
	require.Equal(t, []string{"1 running false"}, all[string](t, op, cancelled+"queue.cancel(1)"))
	require.Equal(t, first, one[string](t, pool, "SELECT cancel_requested_at::text FROM queue.job"), "since the first time")
	require.Empty(t, history(t, pool), "its worker ends it")
	require.True(t, one[bool](t, op, "SELECT cancelling FROM queue.running"))
}

// Kinds with a hook are ended by a worker, even if they wait.
func TestCancelWithHook(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	hook(t, pool, "music", "song", true)
	hook(t, pool, "music", "mail", false)
	hook(t, pool, "other", "mail", true)
	exec(t, op, "SELECT queue.enqueue('music', 'song'), queue.enqueue('music', 'mail'), queue.enqueue('music', 'song', run_at => now() + interval '1 day')")
	ears := listen(t, pool)

	require.Equal(t, []string{"1 waiting false"}, all[string](t, op, cancelled+"queue.cancel(1)"))
	require.Equal(t, []string{"doomed music"}, ears.heard(t))
	require.Equal(t, []string{"2 waiting true"}, all[string](t, op, cancelled+"queue.cancel(2)"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []string{"3 scheduled false"}, all[string](t, op, cancelled+"queue.cancel(3)"))
	require.Equal(t, []string{"doomed music"}, ears.heard(t))
	require.Equal(t, []string{"2 cancelled"}, history(t, pool))
	require.Equal(t, []string{"Is being cancelled.", "Is being cancelled."}, all[string](t, op, "SELECT why FROM queue.jobs"))
}

func TestCancelWhere(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	for i := range 8 { // 1 to 8
		exec(t, op, "SELECT queue.enqueue($1, $2, key => $3, concurrency_key => $4, concurrency_limit => 9)",
			[]string{"music", "other"}[i/6], []string{"song", "mail"}[i%2], fmt.Sprintf("k-%d", i+1), []string{"anna", "bob", "carl"}[i%3])
	}
	exec(t, pool, "UPDATE queue.job SET created_at = now() - interval '2 days' WHERE id IN (1, 2)")
	by := worker(t, pool, "music", "song")
	run(t, pool, 5, by)
	ears := listen(t, pool)

	for call, want := range map[string][]int64{
		"'music'":                                   {1, 2, 3, 4, 5, 6},
		"'other'":                                   {7, 8},
		"'none'":                                    {},
		"'music', 'song'":                           {1, 3, 5},
		"'music', state => 'running'":               {5},
		"'music', state => 'waiting'":               {1, 2, 3, 4, 6},
		"'music', key_like => '%-3'":                {3},
		"'music', older_than => '1 day'":            {1, 2},
		"'music', concurrency_key => 'bob'":         {2, 5},
		"'music', 'song', concurrency_key => 'bob'": {5},
		"'music', max_jobs => 2":                    {1, 2},
	} {
		require.Equal(t, want, all[int64](t, op, "SELECT id FROM queue.cancel_where("+call+", preview => true)"), call)
	}
	require.Empty(t, ears.heard(t), "a preview does nothing")
	require.Empty(t, history(t, pool))

	require.Equal(t, []string{"1 waiting true", "3 waiting true", "5 running false"}, all[string](t, op, cancelled+"queue.cancel_where('music', 'song')"))
	require.ElementsMatch(t, []string{"wake music", "cancel 5"}, ears.heard(t))
	require.Empty(t, all[string](t, op, cancelled+"queue.cancel_where('music', 'song')"), "what is being cancelled does not come again")
	require.Equal(t, []string{"2 waiting true"}, all[string](t, op, cancelled+"queue.cancel_where('music', max_jobs => 1)"))
	require.Equal(t, []string{"4 waiting true", "6 waiting true"}, all[string](t, op, cancelled+"queue.cancel_where('music', max_jobs => 100)"))
	require.Equal(t, []string{"1 cancelled", "2 cancelled", "3 cancelled", "4 cancelled", "6 cancelled"}, history(t, pool))
}
