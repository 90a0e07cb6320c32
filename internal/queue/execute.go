package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// take makes the worker hold a claimed job.
func (t *tenure) take(jobsCtx context.Context, row queries.QueueClaimRow) *Job {
	job := newJob(row, t)
	job.ctx, job.cancel = context.WithCancelCause(jobsCtx)
	t.hold(job)
	return job
}

func newJob(row queries.QueueClaimRow, t *tenure) *Job {
	j := &Job{
		ID: row.ID, Kind: row.Kind, Attempt: int(row.Attempt), MaxAttempts: int(row.MaxAttempts), Redriven: int(row.Redriven),
		Priority: int(row.Priority), CreatedAt: row.CreatedAt, Payload: row.Payload, Checkpoint: row.Checkpoint,
		Key: value(row.Key), ConcurrencyKey: value(row.ConcurrencyKey), Traceparent: value(row.Traceparent), Deadline: value(row.DeadlineAt),
		seq: row.Seq, claimNo: row.ClaimNo, cancelled: row.CancelRequestedAt != nil,
		began: time.Now(), worker: t.id, q: t.q, board: t.board,
	}
	// By the database's clock alone, whatever the clock here says.
	claimed := value(row.StartedAt)
	j.waited = claimed.Sub(row.RunAt)
	if row.DeadlineAt != nil {
		j.timeLeft = optional(row.DeadlineAt.Sub(claimed))
	}
	return j
}

// value is what p points to, or the zero value.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

// start runs a job in a goroutine of the tenure's: one that has nothing to do,
// which has the stack that handlers need already, or else a new one. There are
// never more than there were slots.
func (t *tenure) start(writeCtx context.Context, job *Job) {
	select {
	case t.handOver <- job:
	default:
		t.jobs.Go(func() {
			t.run(writeCtx, job)
			for job := range t.handOver {
				t.run(writeCtx, job)
			}
		})
	}
}

// run runs a job and records what became of it. The job's slot is free again once
// its handler has returned: while that is recorded the next job runs.
func (t *tenure) run(writeCtx context.Context, job *Job) {
	err := errExited
	defer func() { // even if the handler calls runtime.Goexit
		cause := context.Cause(job.ctx)
		job.returned.Store(true)
		job.cancel(nil)
		t.slots.free(1)
		if err == nil {
			t.meanRun.add(time.Since(job.began))
		}
		t.record(writeCtx, job, err, cause)
	}()
	err = t.work(job)
}

// endAll records the end of jobs that were claimed only for that.
func (t *tenure) endAll(writeCtx context.Context, jobs []*Job) {
	var all sync.WaitGroup
	for _, job := range jobs {
		t.jobs.Add(1)
		all.Go(func() {
			defer t.jobs.Done()
			err := ErrDeadline
			if job.cancelled {
				err = ErrCancelled
			}
			cause := context.Cause(job.ctx)
			job.returned.Store(true)
			job.cancel(nil)
			t.record(writeCtx, job, Permanent(err), cause)
		})
	}
	all.Wait()
}

var (
	errAttemptsUsedUp = errors.New("all attempts were used up by workers that died")
	errExited         = errors.New("the handler ended its goroutine")
)

// work calls the handler, unless the job was cancelled while nobody held it,
// has no attempt left, or came too late.
func (t *tenure) work(job *Job) error {
	h := t.handlers[job.Kind]
	timeout := h.Timeout
	switch {
	case job.cancelled:
		return ErrCancelled
	case job.Attempt > job.MaxAttempts:
		return Permanent(errAttemptsUsedUp)
	case job.ctx.Err() != nil:
		return context.Cause(job.ctx)
	case job.timeLeft == nil:
	case *job.timeLeft <= 0:
		return Permanent(ErrDeadline)
	case *job.timeLeft <= timeout:
		return t.workUntilDeadline(job, h)
	}
	ctx, cancel := context.WithTimeout(job.ctx, timeout)
	defer cancel()
	return t.guard(ctx, job, func() error { return h.Work(ctx, job) })
}

// workUntilDeadline calls the handler of a job whose deadline comes before the
// attempt's timeout. After it no other attempt makes sense.
func (t *tenure) workUntilDeadline(job *Job, h Handler) error {
	ctx, cancel := context.WithTimeoutCause(job.ctx, *job.timeLeft, ErrDeadline)
	defer cancel()
	err := t.guard(ctx, job, func() error { return h.Work(ctx, job) })
	if err != nil && errors.Is(context.Cause(ctx), ErrDeadline) {
		return Permanent(ErrDeadline)
	}
	return err
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
	case err == nil && job.completed.Load():
		t.metrics.ran(job, func(l *laneMetrics) { l.completed++ })
		t.madeRoom(job.ConcurrencyKey != "")
	case err == nil:
		t.completer.add(job) // which drops it
		return
	case errors.Is(err, ErrLost) || errors.Is(cause, ErrLost):
		t.cfg.Log.WarnContext(ctx, "queue: job lost to another worker", "job", job.ID)
	case errors.Is(err, ErrCancelled) || errors.Is(cause, ErrCancelled):
		t.end(ctx, job, CancelledOut, nil)
	case errors.As(err, &snooze):
		t.release(ctx, job, snooze.delay)
		t.metrics.ran(job, func(l *laneMetrics) { l.snoozed++ })
	case errors.Is(cause, ErrStopping):
		t.release(ctx, job, 0)
	default:
		t.fail(ctx, job, err)
	}
	t.drop(job)
}

func (t *tenure) release(ctx context.Context, job *Job, delay time.Duration) {
	if t.putBack(ctx, job, "release", queries.QueuePutBackParams{Delay: delay}) {
		t.wakeFleet()
	}
}

// putBack puts a job back in line, and reports whether it did. If not, the job
// was cancelled in the last moment and ends here; or it is not ours any more.
//
// Those two must be told apart. Claims do not wait for the disk, so a crash of
// Postgres can undo one; until this worker happens to claim the job again, under
// the same seq, it is nobody's. To end it then would be to cancel a job that
// nobody has cancelled.
func (t *tenure) putBack(ctx context.Context, job *Job, what string, arg queries.QueuePutBackParams) (done bool) {
	arg.WorkerID, arg.ID, arg.Seq = t.id, job.ID, job.seq
	cancelled := false
	err := t.persist(ctx, job, what, func(ctx context.Context) (err error) {
		if done, err = t.q.QueuePutBack(ctx, t.cfg.Pool, arg); err != nil || done {
			return err
		}
		cancelled, err = t.q.QueueHeldAndCancelled(ctx, t.cfg.Pool, queries.QueueHeldAndCancelledParams{
			ID: job.ID, Seq: job.seq, WorkerID: t.id,
		})
		return err
	})
	if err == nil && cancelled {
		t.end(ctx, job, CancelledOut, nil)
	}
	if done {
		t.madeRoom(job.ConcurrencyKey != "")
		t.choresSoon() // it may be due before their next turn
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
	if !t.putBack(ctx, job, "retry", queries.QueuePutBackParams{Delay: delay, Message: message(cause)}) {
		return
	}
	t.metrics.ran(job, func(l *laneMetrics) { l.retried++ })
	if h.Retrying != nil {
		_ = t.guard(ctx, job, func() error { h.Retrying(ctx, job, cause, delay); return nil }) // has been logged
	}
}

// message is the text of an error. Sprint survives an Error method that panics.
func message(err error) *string {
	text := storable(fmt.Sprint(err))
	return &text
}

// storable is a text as Postgres can store it.
func storable(text string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\ufffd")
}

// truncate cuts a text to at most n characters.
func truncate(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n])
	}
	return text
}

// end ends the job without success, with the handler's hook in the same
// transaction.
func (t *tenure) end(ctx context.Context, job *Job, outcome Outcome, cause error) {
	var text *string
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
			ids, err := t.q.QueueFinish(ctx, tx, job.finish(queries.QueueOutcome(outcome), text))
			if err != nil || len(ids) == 0 || h.Ended == nil {
				return err // no row: the job is not ours any more
			}
			return t.guard(ctx, job, func() (err error) {
				after, err = h.Ended(ctx, tx, job, outcome, cause)
				return err
			})
		})
	})
	if err != nil {
		return
	}
	t.madeRoom(job.ConcurrencyKey != "")
	t.metrics.ran(job, func(l *laneMetrics) {
		if outcome == Failed {
			l.failed++
		} else {
			l.cancelled++
		}
	})
	if after != nil {
		_ = t.guard(ctx, job, func() error { after(); return nil }) // has been logged
	}
}

// madeRoom wakes whoever may go on now that a job has ended: with its
// concurrency key, or under the queue's limit of running jobs.
func (t *tenure) madeRoom(keyed bool) {
	if !keyed && !t.wakeOthers.Load() {
		return
	}
	t.Wake()
	t.wakeFleet()
	if keyed {
		t.choresSoon() // somebody may have been enqueuing
	}
}

// wakeFleet wakes the workers of the queue in other processes.
func (t *tenure) wakeFleet() {
	if t.cfg.Notify != nil {
		wake(t.cfg.Notify, t.cfg.Queue)
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
			t.noteUnrecorded(job)
			return err
		}
	}
}

func within(ctx context.Context, d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return f(ctx)
}
