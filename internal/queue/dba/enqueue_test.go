package dba_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestEnqueue(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ears := listen(t, pool)
	op := as(t, pool, operator)

	id := one[int64](t, op, `SELECT id FROM queue.enqueue('music', 'song', '{"bpm": 90}', priority => 5, key => 'k', max_attempts => 7, deadline => '1 hour')`)
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, `music song k waiting 5 0 7 {"bpm": 90} true true`, one[string](t, pool, `
		SELECT format('%s %s %s %s %s %s %s %s %s %s', queue, kind, key, state, priority, attempt, max_attempts, payload,
			by_hand::text, (deadline_at = created_at + interval '1 hour')::text)
		FROM queue.job WHERE id = $1`, id))

	require.Equal(t, id, one[int64](t, op, `SELECT id FROM queue.enqueue('music', 'other', key => 'k')`), "the live job with the key")
	require.NotEqual(t, id, one[int64](t, op, `SELECT id FROM queue.enqueue('mail', 'song', key => 'k')`), "another queue")
	require.Equal(t, "scheduled", one[string](t, op, `SELECT state::text FROM queue.enqueue('music', 'song', run_at => now() + interval '1 hour')`))
	require.Equal(t, "waiting", one[string](t, op, `SELECT state::text FROM queue.enqueue('music', 'song', run_at => now() - interval '1 hour')`))
}

func TestEnqueueWithConcurrencyKey(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	state := func() string {
		return one[string](t, op, `SELECT state::text FROM queue.enqueue('music', 'song', concurrency_key => 'anna', concurrency_limit => 2)`)
	}
	require.Equal(t, []string{"waiting", "waiting", "blocked", "blocked"}, []string{state(), state(), state(), state()})
}

// Whatever an INSERT by hand leaves out is right, and workers hear of it once.
func TestInsertByHand(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ears := listen(t, pool)
	op := as(t, pool, operator)
	exec(t, op, `
		INSERT INTO queue.job (queue, kind, priority, run_at, concurrency_key, concurrency_limit) VALUES
			('music', 'song', 5, now(), NULL, NULL),
			('music', 'song', 5, now() + interval '1 hour', NULL, NULL),
			('music', 'song', 5, now(), 'anna', 1),
			('music', 'song', 5, now(), 'anna', 1)`)
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []string{"waiting", "scheduled", "waiting", "blocked"}, all[string](t, op, "SELECT state::text FROM queue.jobs ORDER BY id"))
	require.Equal(t, []int64{1, 2, 3, 4}, all[int64](t, pool, "SELECT rank() OVER (ORDER BY seq) FROM queue.job ORDER BY id"), "in the order of insertion")

	// The owner of the table could lie about these; the trigger knows better.
	require.Equal(t, "waiting 0", one[string](t, pool, `
		INSERT INTO queue.job (queue, kind, state, attempt, worker_id, seq) VALUES ('music', 'song', 'running', 9, gen_random_uuid(), 0)
		RETURNING format('%s %s', state, attempt)`))
	require.Zero(t, one[int](t, pool, "SELECT count(*) FROM queue.job WHERE seq = 0"))
}

// A transaction that is rolled back has neither enqueued nor woken.
func TestEnqueueIsTransactional(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	ears := listen(t, pool)
	op := as(t, pool, operator)
	exec(t, op, "BEGIN")
	exec(t, op, "SELECT queue.enqueue('music', 'song')")
	exec(t, op, "ROLLBACK")
	require.Empty(t, ears.heard(t))
	require.Empty(t, all[int64](t, op, "SELECT id FROM queue.jobs"))
}

// Bad arguments are refused, with a hint.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	for sql, message := range map[string]string{
		"queue.enqueue('', 'song')":                                                      "The name of a queue has 1 to 100 characters.",
		"queue.enqueue(NULL, 'song')":                                                    "The name of a queue has 1 to 100 characters.",
		"queue.enqueue('music', '')":                                                     "A kind has 1 to 100 characters.",
		"queue.enqueue('music', 'song', NULL)":                                           "A payload is needed.",
		"queue.enqueue('music', 'song', priority => -1)":                                 "A priority is a number from 0 to 32767.",
		"queue.enqueue('music', 'song', priority => 40000)":                              "A priority is a number from 0 to 32767.",
		"queue.enqueue('music', 'song', key => '')":                                      "A key has 1 to 200 characters.",
		"queue.enqueue('music', 'song', max_attempts => 0)":                              "max_attempts is a number from 1 to 32767.",
		"queue.enqueue('music', 'song', concurrency_key => 'a')":                         "A concurrency key and its limit go together.",
		"queue.enqueue('music', 'song', concurrency_limit => 1)":                         "A concurrency key and its limit go together.",
		"queue.enqueue('music', 'song', concurrency_key => '', concurrency_limit => 1)":  "A concurrency key has 1 to 200 characters.",
		"queue.enqueue('music', 'song', concurrency_key => 'a', concurrency_limit => 0)": "A concurrency limit is a number from 1 to 32767.",
		"queue.set_schedule('s', 'music', '', '@daily')":                                 "A kind has 1 to 100 characters.",
		"queue.set_schedule('s', 'music', 'song', '@daily', overlap => NULL)":            "overlap is true or false.",
		"queue.set_schedule('s', 'music', 'song', '@daily', payload => NULL)":            "A payload is needed.",
		"queue.set_schedule('s', 'music', 'song', '@daily', max_attempts => 0)":          "max_attempts is a number from 1 to 32767.",
		"queue.enqueue('music', 'song', deadline => '-1 s')":                             "A deadline is in the future.",
		"queue.cancel_where('')":                                                         "The name of a queue has 1 to 100 characters.",
		"queue.cancel_where('music', state => 'ended')":                                  "There is no state ended.",
		"queue.cancel_where('music', max_jobs => 0)":                                     "max_jobs is at least 1.",
		"queue.redrive(NULL)":                                                            "The name of a queue has 1 to 100 characters.",
		"queue.redrive('music', since => '0')":                                           "since is a time to look back.",
		"queue.redrive('music', max_jobs => NULL)":                                       "max_jobs is at least 1.",
		"queue.set_priority(1, -1)":                                                      "A priority is a number from 0 to 32767.",
		"queue.set_priority(1, NULL)":                                                    "A priority is a number from 0 to 32767.",
		"queue.set_priority_where('music', 70000)":                                       "A priority is a number from 0 to 32767.",
		"queue.pause('')":                                                      "The name of a queue has 1 to 100 characters.",
		"queue.resume(NULL)":                                                   "The name of a queue has 1 to 100 characters.",
		"queue.drain(repeat('x', 101))":                                        "The name of a queue has 1 to 100 characters.",
		"queue.set_limits('music', max_running => 0)":                          "max_running is at least 1.",
		"queue.set_limits('music', rate_limit => -2)":                          "rate_limit is at least 1.",
		"queue.set_limits('music', rate_limit => 5, rate_window => '0')":       "rate_window is from 10 ms to 1 day.",
		"queue.set_limits('music', rate_window => '1 s')":                      "The queue has no rate limit to give a window.",
		"queue.set_limits('music', worker_concurrency => 0)":                   "worker_concurrency is from 1 to 10000.",
		"queue.set_limits('music', fair_every => NULL)":                        "fair_every is at least 0.",
		"queue.set_schedule('', 'music', 'song', '@daily')":                    "The name of a schedule has 1 to 100 characters.",
		"queue.set_schedule('s', 'music', 'song', 'often')":                    "cron has five fields, or is a descriptor.",
		"queue.set_schedule('s', 'music', 'song', '* * * *')":                  "cron has five fields, or is a descriptor.",
		"queue.set_schedule('s', 'music', 'song', '@daily', 'Mars')":           "There is no time zone Mars.",
		"queue.set_schedule('s', 'music', 'song', '@daily', missed => 'some')": "missed is skip, once or all.",
		"queue.set_retention(ended_keep => '-1 day')":                          "A time to keep rows is more than none.",
		"queue.set_retention(completed_keep_rows => -1)":                       "completed_keep_rows is at least 0.",
		"queue.failure_groups('')":                                             "The name of a queue has 1 to 100 characters.",
		"queue.failure_groups('music', max_groups => 0)":                       "max_groups is at least 1.",
	} {
		var refused *pgconn.PgError
		require.True(t, errors.As(fails(t, op, "SELECT * FROM "+sql), &refused), sql)
		require.Equal(t, "22023", refused.Code, "%s: %v", sql, refused)
		require.Equal(t, message, refused.Message, sql)
		require.NotEmpty(t, refused.Hint, sql)
	}
	require.Empty(t, all[string](t, pool, "SELECT name FROM queue.queue UNION ALL SELECT name FROM queue.schedule UNION ALL SELECT queue FROM queue.job"),
		"what was refused has changed nothing")
}
