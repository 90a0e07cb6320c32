package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// finale is what a hook was told.
type finale struct {
	id      int64
	outcome queue.Outcome
	cause   error
}

// hooked gives a handler a hook that tells.
func hooked(h queue.Handler) (queue.Handler, chan finale) {
	told := make(chan finale, 10)
	h.Ended = func(_ context.Context, _ pgx.Tx, job *queue.Job, outcome queue.Outcome, cause error) (func(), error) {
		return func() { told <- finale{job.ID, outcome, cause} }, nil
	}
	return h, told
}

func neverWork() queue.Handler {
	return work(func(context.Context, *queue.Job) error { panic("started") })
}

func TestWaitingJobFailsAtItsDeadline(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]queue.Params{
		"waiting":   {Deadline: 50 * time.Millisecond},
		"scheduled": {Deadline: 50 * time.Millisecond, Delay: time.Hour},
		"blocked":   {Deadline: 50 * time.Millisecond, ConcurrencyKey: "u"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.exec("SELECT queue.pause($1)", queueName)
			if name == "blocked" {
				r.enqueue(queue.Params{ConcurrencyKey: "u"})
			}
			id, _ := r.enqueue(p)
			h, told := hooked(neverWork())
			r.worker(h)
			end := receive(t, told)
			require.Equal(t, id, end.id)
			require.Equal(t, queue.Failed, end.outcome)
			require.ErrorIs(t, end.cause, queue.ErrDeadline)
			all := r.history()
			require.Len(t, all, 1)
			require.Equal(t, queue.Failed, all[0].Outcome)
			require.Equal(t, queue.ErrDeadline.Error(), all[0].Errors[0].Error)
			require.Empty(t, r.strings("SELECT id::text FROM queue.job_history WHERE finished_at < deadline_at"))
		})
	}
}

// However many attempts and however much time for each it has left.
func TestRunningJobEndsAtItsDeadline(t *testing.T) {
	t.Parallel()
	r := setup(t)
	// Long enough for a busy machine to begin with the job.
	id, _ := r.enqueue(queue.Params{Deadline: 3 * time.Second, MaxAttempts: 5})
	causes, deadlines := make(chan error, 5), make(chan time.Time, 5)
	h, told := hooked(work(func(ctx context.Context, job *queue.Job) error {
		deadlines <- job.Deadline
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}))
	r.worker(h)
	require.ErrorIs(t, receive(t, causes), queue.ErrDeadline)
	require.False(t, receive(t, deadlines).IsZero())
	require.Equal(t, id, receive(t, told).id)
	all := r.awaitEnd()
	require.Equal(t, queue.Failed, all[0].Outcome)
	require.EqualValues(t, 1, all[0].Attempt)
	require.Equal(t, queue.ErrDeadline.Error(), all[0].Errors[0].Error)
	require.Empty(t, causes)
}

func TestTimeoutBeforeTheDeadlineLeavesMoreAttempts(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Deadline: time.Hour})
	causes := make(chan error, 2)
	h := work(func(ctx context.Context, job *queue.Job) error {
		if job.Attempt == 2 {
			return nil
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	})
	h.Timeout = 30 * time.Millisecond
	r.worker(h)
	require.ErrorIs(t, receive(t, causes), context.DeadlineExceeded)
	all := r.awaitEnd()
	require.Equal(t, completed, all[0].Outcome)
	require.EqualValues(t, 2, all[0].Attempt)
}

// A job that waits for its next attempt does not wait beyond its deadline.
func TestRetryDoesNotOutliveTheDeadline(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Deadline: 500 * time.Millisecond})
	h, told := hooked(work(func(context.Context, *queue.Job) error { return errors.New("boom") }))
	h.Backoff = func(int) time.Duration { return time.Hour }
	r.worker(h)
	require.ErrorIs(t, receive(t, told).cause, queue.ErrDeadline)
	errs := r.awaitEnd()[0].Errors
	require.Len(t, errs, 2)
	require.Equal(t, "boom", errs[0].Error)
}

func TestJobThatMakesItsDeadlineCompletes(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Deadline: time.Hour})
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	require.Equal(t, completed, r.awaitEnd()[0].Outcome)
}
