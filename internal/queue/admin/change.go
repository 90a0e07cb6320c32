package admin

import (
	"context"
	"fmt"
	"time"

	"son1k/internal/queries"
)

// Changed is a live job after a change.
type Changed struct {
	ID       int64     `json:"id"`
	Queue    string    `json:"queue"`
	Kind     string    `json:"kind"`
	Key      *string   `json:"key"`
	State    string    `json:"state"`
	Priority int       `json:"priority"`
	RunAt    time.Time `json:"runAt"`
	Why      *string   `json:"why"` // it is not running
}

// Retry brings a failed or cancelled job back, or a scheduled one forward. It
// fails with a [*NotFoundError] if there is no such job and with a
// [*ConflictError] that says why if it cannot be retried.
func (a *Admin) Retry(ctx context.Context, id int64) (Changed, error) {
	rows, err := a.q.AdminRetry(ctx, a.pool, id)
	if err != nil {
		return Changed{}, explain("retry job", err)
	}
	if len(rows) == 0 {
		return Changed{}, a.whyNoRetry(ctx, id)
	}
	return changedOf(rows[0]), nil
}

// whyNoRetry says what keeps a job from being retried.
func (a *Admin) whyNoRetry(ctx context.Context, id int64) error {
	d, err := a.Job(ctx, id)
	if err != nil {
		return err
	}
	const only = "only scheduled, failed and cancelled jobs can be retried"
	switch {
	case d.CancelRequestedAt != nil:
		return conflict("job %d is being cancelled: retry it when it has ended", id)
	case !d.Ended():
		return conflict("job %d is %s: %s", id, d.State, only)
	case d.State == "completed":
		return conflict("job %d has completed: %s", id, only)
	case d.Key != nil:
		return conflict("job %d has to wait: another live job of queue %s has its key %s", id, d.Queue, *d.Key)
	default:
		return conflict("job %d has just changed: look again", id)
	}
}

func conflict(format string, args ...any) error {
	return &ConflictError{Message: fmt.Sprintf(format, args...)}
}

// whyEnded says that a job is live no more.
func whyEnded(d Detail) error { return conflict("job %d has ended: it is %s", d.ID, d.State) }

// SetPriority moves a live job up or down; a running one in case that it has to
// run again. It fails with a [*NotFoundError] if there is no such job, and with a
// [*ConflictError] if it has ended.
func (a *Admin) SetPriority(ctx context.Context, id int64, priority int) (Changed, error) {
	var c checks
	c.number("priority", priority, 0, MaxPriority)
	if err := c.err(); err != nil {
		return Changed{}, err
	}
	rows, err := a.q.AdminSetPriority(ctx, a.pool, queries.AdminSetPriorityParams{ID: id, Priority: int32(priority)})
	if err != nil {
		return Changed{}, explain("set priority", err)
	}
	if len(rows) == 0 {
		d, err := a.Job(ctx, id)
		if err != nil {
			return Changed{}, err
		}
		return Changed{}, whyEnded(d)
	}
	return changedOf(queries.AdminRetryRow(rows[0])), nil
}

func changedOf(r queries.AdminRetryRow) Changed {
	return Changed{
		ID: r.ID, Queue: r.Queue, Kind: r.Kind, Key: orNil(r.Key), State: r.State, Priority: int(r.Priority), RunAt: r.RunAt.UTC(), Why: orNil(r.Why),
	}
}
