package queue_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

func TestNilCompletesTheJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{Key: "a"})
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	require.Equal(t, []ended{{ID: id, Outcome: completed, Attempt: 1}}, r.awaitEnd())
	var null bool
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT result IS NULL FROM queue.job_history").Scan(&null))
	require.True(t, null, "no result is NULL, not the JSON value null")
}

func TestFailedAttemptIsRetriedWithItsErrorKept(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	h := work(func(_ context.Context, job *queue.Job) error {
		if job.Attempt < 3 {
			return errors.New("try " + string(rune('0'+job.Attempt)))
		}
		return nil
	})
	told := make(chan string, 2)
	h.Retrying = func(_ context.Context, _ *queue.Job, cause error, delay time.Duration) {
		told <- cause.Error() + " " + delay.String()
	}
	h.Ended = func(context.Context, pgx.Tx, *queue.Job, queue.Outcome, error) (func(), error) {
		panic("a completed job does not end in failure")
	}
	r.worker(h)
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.Equal(t, completed, all[0].Outcome)
	require.EqualValues(t, 3, all[0].Attempt)
	require.Len(t, all[0].Errors, 2)
	require.Equal(t, "try 2", all[0].Errors[1].Error)
	require.Equal(t, 2, all[0].Errors[1].Attempt)
	require.NotZero(t, all[0].Errors[1].Worker)
	require.Equal(t, "try 1 1ms", <-told)
	require.Equal(t, "try 2 1ms", <-told)
}

func TestRetryWaitsForItsBackoff(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	h := work(func(context.Context, *queue.Job) error { return errors.New("no") })
	h.Backoff = func(attempt int) time.Duration { return time.Duration(attempt) * time.Hour }
	r.worker(h)
	r.eventually("put off", func() bool { return r.only().State == "scheduled" })
	var wait float64
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT extract(epoch FROM run_at - now())::float8 FROM queue.job").Scan(&wait))
	require.InDelta(t, 3600, wait, 60)

	r.exec("UPDATE queue.job SET run_at = now()")
	r.eventually("second attempt", func() bool { return r.only().Attempt == 2 })
}

func TestBackoffDoublesWithinBounds(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{
		1: 2 * time.Second, 2: 4 * time.Second, 5: 32 * time.Second, 9: 5 * time.Minute, 1000: 5 * time.Minute,
	} {
		for range 100 {
			require.InDelta(t, want, queue.Backoff(attempt), float64(want)/5)
		}
	}
}

func TestJobFailsForGood(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	var typedNil *strangeError
	for name, c := range map[string]struct {
		work     func() error
		attempts int16
		text     string
	}{
		"attempts used up":  {func() error { return boom }, 2, "boom"},
		"permanent":         {func() error { return queue.Permanent(boom) }, 1, "boom"},
		"panic":             {func() error { panic("ouch") }, 2, "the handler panicked: ouch"},
		"goroutine ended":   {func() error { runtime.Goexit(); return nil }, 2, "the handler ended its goroutine"},
		"text not storable": {func() error { return errors.New("a\x00b\xff" + strings.Repeat("é", 3000)) }, 2, "ab\ufffd" + strings.Repeat("é", 1997)},
		"error is nil":      {func() error { return typedNil }, 2, "<nil>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueue(queue.Params{MaxAttempts: 2})
			h := work(func(context.Context, *queue.Job) error { return c.work() })
			var after atomic.Int64
			h.Ended = func(ctx context.Context, tx pgx.Tx, job *queue.Job, outcome queue.Outcome, cause error) (func(), error) {
				_, err := tx.Exec(ctx, "CREATE TABLE told AS SELECT $1::text AS outcome, $2::bigint AS id", string(outcome), job.ID)
				return func() { after.Add(1) }, err
			}
			r.worker(h)
			all := r.awaitEnd()
			require.Len(t, all, 1)
			require.Equal(t, queue.Failed, all[0].Outcome)
			require.Equal(t, c.attempts, all[0].Attempt)
			require.Len(t, all[0].Errors, int(c.attempts))
			require.Equal(t, c.text, all[0].Errors[c.attempts-1].Error)
			r.eventually("hook after the commit", func() bool { return after.Load() == 1 })
			var told string
			require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT outcome FROM told").Scan(&told))
			require.Equal(t, "failed", told)
		})
	}
}

type strangeError struct{ text string }

func (e *strangeError) Error() string { return e.text } // panics if e is nil

func TestHookDecidesWithTheEnd(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func() error{
		"error": func() error { return errors.New("not yet") },
		"panic": func() error { panic("not yet") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueue(queue.Params{MaxAttempts: 1})
			h := work(func(context.Context, *queue.Job) error { return errors.New("boom") })
			var calls, after atomic.Int64
			h.Ended = func(ctx context.Context, tx pgx.Tx, _ *queue.Job, _ queue.Outcome, _ error) (func(), error) {
				if calls.Add(1) == 1 {
					return func() { after.Add(100) }, fail()
				}
				return func() { after.Add(1); panic("nobody minds") }, nil
			}
			r.worker(h)
			require.Len(t, r.awaitEnd(), 1)
			r.eventually("told once", func() bool { return after.Load() == 1 })
			require.EqualValues(t, 2, calls.Load())
		})
	}
}

func TestPanicsOfOtherHooksHarmNobody(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	h := work(func(_ context.Context, job *queue.Job) error {
		if job.Attempt == 1 {
			return errors.New("boom")
		}
		return nil
	})
	h.Backoff = func(int) time.Duration { panic("backoff") }
	h.Retrying = func(context.Context, *queue.Job, error, time.Duration) { panic("retrying") }
	r.worker(h)
	r.eventually("put off", func() bool { return r.only().State == "scheduled" })
	r.exec("UPDATE queue.job SET run_at = now()")
	require.Equal(t, completed, r.awaitEnd()[0].Outcome)
}

func TestSnoozeUsesNoAttempt(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{MaxAttempts: 1})
	var runs atomic.Int64
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		require.Equal(t, 1, job.Attempt)
		switch runs.Add(1) {
		case 1:
			return queue.Snooze(time.Millisecond, errors.New("busy"))
		case 2:
			return queue.Snooze(0, nil)
		}
		return queue.Permanent(nil)
	}))
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, completed, all[0].Outcome)
	require.EqualValues(t, 1, all[0].Attempt)
	require.Empty(t, all[0].Errors)
	require.EqualValues(t, 3, runs.Load())
}

func TestSnoozeWaits(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	r.worker(work(func(context.Context, *queue.Job) error { return queue.Snooze(time.Hour, nil) }))
	r.eventually("put off", func() bool { return r.only().State == "scheduled" })
	require.Zero(t, r.only().Attempt)
}

func TestAttemptEndsWithItsTimeout(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{MaxAttempts: 1})
	h := work(func(ctx context.Context, _ *queue.Job) error { <-ctx.Done(); return ctx.Err() })
	h.Timeout = 20 * time.Millisecond
	r.worker(h)
	all := r.awaitEnd()
	require.Equal(t, queue.Failed, all[0].Outcome)
	require.Equal(t, context.DeadlineExceeded.Error(), all[0].Errors[0].Error)
}

func TestJobCompletesWithItsTransaction(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("CREATE TABLE song (job bigint)")
	id, _ := r.enqueue(queue.Params{})
	boom := errors.New("boom")
	r.worker(work(func(ctx context.Context, job *queue.Job) error {
		return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, "INSERT INTO song VALUES ($1)", job.ID); err != nil {
				return err
			}
			if err := job.CompleteTx(ctx, tx, map[string]int{"clips": 2}); err != nil {
				return err
			}
			if job.Attempt == 1 {
				return boom
			}
			return nil
		})
	}))
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.EqualValues(t, 2, all[0].Attempt)
	require.JSONEq(t, `{"clips": 2}`, string(all[0].Result))
	var songs int
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT count(*) FROM song").Scan(&songs))
	require.Equal(t, 1, songs)
}

func TestCheckpointIsFoundByLaterAttempts(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	found := make(chan string, 2)
	r.worker(work(func(ctx context.Context, job *queue.Job) error {
		found <- string(job.Checkpoint)
		if job.Attempt == 2 {
			return nil
		}
		require.NoError(t, job.SaveCheckpoint(ctx, r.pool, "first"))
		require.NoError(t, job.SaveCheckpoint(ctx, r.pool, "second"))
		return errors.New("boom")
	}))
	r.awaitEnd()
	require.Empty(t, receive(t, found))
	require.Equal(t, `"second"`, receive(t, found))
}

func TestScheduledJobRunsWhenItIsDue(t *testing.T) {
	t.Parallel()
	r := setup(t)
	late, _ := r.enqueue(queue.Params{Delay: time.Hour})
	soon, _ := r.enqueue(queue.Params{Delay: 50 * time.Millisecond})
	started := make(chan int64, 2)
	r.worker(work(func(_ context.Context, job *queue.Job) error { started <- job.ID; return nil }))
	require.Equal(t, soon, receive(t, started))
	r.eventually("only the late one remains", func() bool { return len(r.live()) == 1 })
	require.Equal(t, "scheduled", r.only().State)
	r.exec("UPDATE queue.job SET run_at = now()")
	require.Equal(t, late, receive(t, started))
	r.awaitEnd()
}
