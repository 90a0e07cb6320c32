package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// Why a job's context ended; see context.Cause.
var (
	// ErrCancelled: somebody cancelled the job.
	ErrCancelled = errors.New("the job was cancelled")
	// ErrStopping: the worker is shutting down; the job goes back unharmed.
	ErrStopping = errors.New("the worker is stopping")
	// ErrLost: the worker no longer holds the job, because it was declared dead.
	ErrLost = errors.New("the job was taken away from this worker")
	// ErrDeadline: the deadline of the whole job has passed.
	ErrDeadline = errors.New("the job's deadline has passed")
)

// Outcome is how a job ended.
type Outcome string

// The ways to end.
const (
	Completed    Outcome = "completed"
	Failed       Outcome = "failed"
	CancelledOut Outcome = "cancelled"
)

// Handler does the jobs of one kind.
type Handler struct {
	Kind string
	// Work does a job. Nil completes it; unless it was wrapped by Permanent or
	// Snooze, an error means another attempt while there is one. ctx ends with
	// one of the causes above, or with DeadlineExceeded after Timeout.
	Work func(ctx context.Context, job *Job) error
	// Ended, if set, runs in the transaction that ends a job without success.
	// The function that it returns, if any, is called after the commit.
	Ended func(ctx context.Context, tx pgx.Tx, job *Job, outcome Outcome, cause error) (after func(), err error)
	// Retrying, if set, is told when a job was put off for another attempt.
	Retrying func(ctx context.Context, job *Job, cause error, delay time.Duration)
	// Timeout limits one attempt; 0 means an hour.
	Timeout time.Duration
	// Backoff gives the delay after the given failed attempt; nil means Backoff.
	Backoff func(attempt int) time.Duration
}

// Job is a job that this worker holds. Its methods may be called by several
// goroutines.
type Job struct {
	ID             int64
	Kind           string
	Key            string
	ConcurrencyKey string
	Attempt        int // 1 for the first
	MaxAttempts    int
	Redriven       int // how often it was brought back after it had ended
	Priority       int
	CreatedAt      time.Time
	Deadline       time.Time // of the whole job, by the database's clock; zero if none
	Payload        json.RawMessage
	Checkpoint     json.RawMessage // as last saved, in whatever attempt; nil if never
	Traceparent    string          // W3C trace context of whoever enqueued it; empty if none

	seq       int64 // with ID and worker it says which claim this is
	claimNo   int64
	cancelled bool           // before it was claimed
	timeLeft  *time.Duration // until the deadline, when it was claimed
	waited    time.Duration
	ctx       context.Context // of the attempt
	cancel    context.CancelCauseFunc
	began     time.Time
	worker    uuid.UUID
	q         *queries.Queries
	board     *progressBoard
	result    atomic.Pointer[json.RawMessage]
	completed atomic.Bool // by CompleteTx
	returned  atomic.Bool // its handler has
}

// CompleteTx completes the job in the caller's transaction, keeping result (a
// small value, marshalled to JSON; nil for none) with it. It fails with ErrLost
// if this worker no longer holds the job; then roll back. Work returns nil
// after the commit.
func (j *Job) CompleteTx(ctx context.Context, tx pgx.Tx, result any) error {
	if err := j.SetResult(result); err != nil {
		return err
	}
	ids, err := j.q.QueueFinish(ctx, tx, j.finish(queries.QueueOutcomeCompleted, nil))
	if err != nil {
		return fmt.Errorf("queue: complete: %w", err)
	}
	if len(ids) == 0 {
		return ErrLost
	}
	j.completed.Store(true)
	return nil
}

// finish are the parameters that end this job alone.
func (j *Job) finish(outcome queries.QueueOutcome, message *string) queries.QueueFinishParams {
	return queries.QueueFinishParams{
		WorkerID: j.worker, Ids: []int64{j.ID}, Seqs: []int64{j.seq}, Results: []json.RawMessage{j.rawResult()},
		Outcome: outcome, Message: message,
	}
}

// SetResult says what to keep with the job in the history when it completes: a
// small value, marshalled to JSON; nil for none.
func (j *Job) SetResult(result any) error {
	if result == nil {
		j.result.Store(nil)
		return nil
	}
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("queue: result: %w", err)
	}
	j.result.Store((*json.RawMessage)(&raw))
	return nil
}

func (j *Job) rawResult() json.RawMessage {
	if raw := j.result.Load(); raw != nil {
		return *raw
	}
	return nil
}

// SetProgress tells how far the attempt has come, in percent, and what it is
// doing, in a word or two, for whoever looks at the queue. It returns at once and
// may be called often: at most four times a second the latest is written.
func (j *Job) SetProgress(percent int, stage string) {
	j.board.set(j, int16(min(max(percent, 0), 100)), stage)
}

// SaveCheckpoint stores what later attempts want to know: which steps are
// done. It fails with ErrLost if this worker no longer holds the job.
func (j *Job) SaveCheckpoint(ctx context.Context, db queries.DBTX, checkpoint any) error {
	raw, err := json.Marshal(checkpoint)
	if err != nil {
		return fmt.Errorf("queue: checkpoint: %w", err)
	}
	n, err := j.q.QueueCheckpoint(ctx, replanned{db}, queries.QueueCheckpointParams{
		Checkpoint: raw, ID: j.ID, Seq: j.seq, WorkerID: j.worker,
	})
	if err != nil {
		return fmt.Errorf("queue: checkpoint: %w", err)
	}
	if n == 0 {
		return ErrLost
	}
	j.Checkpoint = raw
	return nil
}

type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// Permanent marks an error that another attempt would not cure. Nil stays nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

type snoozeError struct {
	error
	delay time.Duration
}

func (e snoozeError) Unwrap() error { return e.error }

// Snooze asks for the job to be put off for d without using up the attempt;
// err says why; it may be nil.
func Snooze(d time.Duration, err error) error {
	if err == nil {
		err = errSnoozed
	}
	return snoozeError{err, d}
}

var errSnoozed = errors.New("the job was put off")

// Backoff is 2 s after the first failed attempt, doubling to at most 5 min,
// give or take a fifth so that jobs that failed together part.
func Backoff(attempt int) time.Duration {
	d := min(2*time.Second<<min(attempt-1, 10), 5*time.Minute)
	return d - d/5 + rand.N(2*d/5)
}
