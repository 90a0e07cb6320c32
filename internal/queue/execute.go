package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// start runs a claimed job in a goroutine of the tenure's. The job's slot is
// free again once its handler has returned; what became of it is then recorded
// while the next job runs.
func (t *tenure) start(jobsCtx, writeCtx context.Context, row queries.QueueClaimRow) {
	job := newJob(row, t)
	ctx, cancel := context.WithCancelCause(jobsCtx)
	t.hold(job, cancel)
	t.jobs.Go(func() {
		began := time.Now()
		err := errExited
		defer func() { // even if the handler calls runtime.Goexit
			cause := context.Cause(ctx)
			cancel(nil)
			<-t.slots
			if err == nil {
				t.meanRun.add(time.Since(began))
			}
			t.record(writeCtx, job, err, cause)
		}()
		err = t.work(ctx, job)
	})
}

func newJob(row queries.QueueClaimRow, t *tenure) *Job {
	j := &Job{
		ID: row.ID, Kind: row.Kind, Attempt: int(row.Attempt), MaxAttempts: int(row.MaxAttempts),
		Priority: int(row.Priority), CreatedAt: row.CreatedAt, Payload: row.Payload, Checkpoint: row.Checkpoint,
		seq: row.Seq, cancelled: row.CancelRequestedAt != nil, worker: t.id, q: t.q,
	}
	if row.Key != nil {
		j.Key = *row.Key
	}
	if row.Traceparent != nil {
		j.Traceparent = *row.Traceparent
	}
	return j
}

var (
	errAttemptsUsedUp = errors.New("all attempts were used up by workers that died")
	errExited         = errors.New("the handler ended its goroutine")
)

// work calls the handler, unless the job was cancelled while nobody held it,
// has no attempt left, or came too late.
func (t *tenure) work(ctx context.Context, job *Job) error {
	switch {
	case job.cancelled:
		return ErrCancelled
	case job.Attempt > job.MaxAttempts:
		return Permanent(errAttemptsUsedUp)
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	h := t.handlers[job.Kind]
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	return t.guard(ctx, job, func() error { return h.Work(ctx, job) })
}

// guard calls a function of the handler's and makes a panic an error.
func (t *tenure) guard(ctx context.Context, job *Job, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			t.cfg.Log.ErrorContext(ctx, "queue: handler panicked", "job", job.ID, "panic", r, "stack", string(debug.Stack()))
			err = fmt.Errorf("the handler panicked: %v", r)
		}
	}()
	return f()
}

// record decides what becomes of a job and writes it down.
func (t *tenure) record(ctx context.Context, job *Job, err, cause error) {
	var snooze snoozeError
	switch {
	case err == nil && job.completed:
		t.drop(job)
	case err == nil:
		t.completer.add(job) // which drops it
		return
	case errors.Is(err, ErrLost) || errors.Is(cause, ErrLost):
		t.cfg.Log.WarnContext(ctx, "queue: job lost to another worker", "job", job.ID)
	case errors.Is(err, ErrCancelled) || errors.Is(cause, ErrCancelled):
		t.end(ctx, job, CancelledOut, nil)
	case errors.As(err, &snooze):
		t.release(ctx, job, snooze.delay)
	case errors.Is(cause, ErrStopping):
		t.release(ctx, job, 0)
	default:
		t.fail(ctx, job, err)
	}
	t.drop(job)
}

func (t *tenure) release(ctx context.Context, job *Job, delay time.Duration) {
	t.putBack(ctx, job, "release", func(ctx context.Context) (int64, error) {
		return t.q.QueueRelease(ctx, t.db, queries.QueueReleaseParams{
			ID: job.ID, Seq: job.seq, WorkerID: t.id, Delay: delay,
		})
	})
}

// putBack makes write put a job back in line, and reports whether it did. If
// not, the job was cancelled in the last moment and ends here; or it is not
// ours any more, and then ending it does nothing either.
func (t *tenure) putBack(ctx context.Context, job *Job, what string, write func(context.Context) (int64, error)) bool {
	var done bool
	err := t.persist(ctx, job, what, func(ctx context.Context) error {
		n, err := write(ctx)
		done = n > 0
		return err
	})
	if err == nil && !done {
		t.end(ctx, job, CancelledOut, nil)
	}
	return done
}

// fail puts the job off for another attempt, or ends it if there is none.
func (t *tenure) fail(ctx context.Context, job *Job, cause error) {
	var permanent permanentError
	if job.Attempt >= job.MaxAttempts || errors.As(cause, &permanent) {
		t.end(ctx, job, Failed, cause)
		return
	}
	h := t.handlers[job.Kind]
	var delay time.Duration
	if err := t.guard(ctx, job, func() error { delay = h.Backoff(job.Attempt); return nil }); err != nil {
		delay = Backoff(job.Attempt)
	}
	t.cfg.Log.InfoContext(ctx, "queue: attempt failed, trying again later",
		"job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "delay", delay, "error", cause)
	done := t.putBack(ctx, job, "retry", func(ctx context.Context) (int64, error) {
		return t.q.QueueRetry(ctx, t.db, queries.QueueRetryParams{
			ID: job.ID, Seq: job.seq, WorkerID: t.id, Delay: delay, Message: message(cause),
		})
	})
	if done && h.Retrying != nil {
		_ = t.guard(ctx, job, func() error { h.Retrying(ctx, job, cause, delay); return nil }) // has been logged
	}
}

// message is the text of an error as Postgres can store it. Sprint survives an
// Error method that panics.
func message(err error) string {
	text := strings.ReplaceAll(fmt.Sprint(err), "\x00", "")
	return strings.ToValidUTF8(text, "\ufffd")
}

// end ends the job without success, with the handler's hook in the same
// transaction.
func (t *tenure) end(ctx context.Context, job *Job, outcome Outcome, cause error) {
	text := ""
	if outcome == Failed {
		text = message(cause)
		t.cfg.Log.WarnContext(ctx, "queue: job failed for good",
			"job", job.ID, "kind", job.Kind, "attempt", job.Attempt, "error", cause)
	}
	h := t.handlers[job.Kind]
	var after func()
	err := t.persist(ctx, job, "end", func(ctx context.Context) error {
		after = nil
		return pgx.BeginFunc(ctx, t.cfg.Pool, func(tx pgx.Tx) error {
			ids, err := t.q.QueueEnd(ctx, replanned{tx}, queries.QueueEndParams{
				ID: job.ID, Seq: job.seq, WorkerID: t.id,
				Outcome: queries.QueueOutcome(outcome), Message: text,
			})
			if err != nil || len(ids) == 0 || h.Ended == nil {
				return err // no row: the job is not ours any more
			}
			return t.guard(ctx, job, func() (err error) {
				after, err = h.Ended(ctx, tx, job, outcome, cause)
				return err
			})
		})
	})
	if err == nil && after != nil {
		_ = t.guard(ctx, job, func() error { after(); return nil }) // has been logged
	}
}

// writeTimeout is how long a database that does not answer is waited for.
const writeTimeout = 15 * time.Second

// persist runs write until it succeeds or ctx ends: a database that is away
// for a while costs a delay, not the outcome of a job. A write whose answer was
// lost is repeated, so it must be fenced.
func (t *tenure) persist(ctx context.Context, job *Job, what string, write func(context.Context) error) error {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 2*time.Second) {
		err := within(ctx, writeTimeout, write)
		if err == nil {
			return nil
		}
		t.cfg.Log.WarnContext(ctx, "queue: cannot record outcome", "job", job.ID, "what", what, "error", err)
		if !sleep(ctx, jitter(delay)) {
			return err
		}
	}
}

func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}
