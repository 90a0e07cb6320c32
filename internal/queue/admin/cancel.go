package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// Cancelled is a job that somebody cancelled.
type Cancelled struct {
	ID       int64   `json:"id"`
	Queue    string  `json:"queue"`
	Kind     string  `json:"kind"`
	Key      *string `json:"key"`
	StateWas string  `json:"stateWas"`
	Ended    bool    `json:"ended"` // if not, a worker ends it in a moment
}

// Cancel cancels a live job, waiting or running. To cancel again changes
// nothing. It fails with a [*NotFoundError] if there is no such job, and with a
// [*ConflictError] if it has ended otherwise.
func (a *Admin) Cancel(ctx context.Context, id int64) (Cancelled, error) {
	rows, err := a.q.AdminCancel(ctx, a.pool, id)
	if err != nil {
		return Cancelled{}, explain("cancel job", err)
	}
	if len(rows) == 0 {
		return a.notLive(ctx, id)
	}
	return cancelledOf(rows[0]), nil
}

// notLive tells about a job that cannot be cancelled, unless it has been.
func (a *Admin) notLive(ctx context.Context, id int64) (Cancelled, error) {
	d, err := a.Job(ctx, id)
	if err != nil {
		return Cancelled{}, err
	}
	if d.State != "cancelled" {
		return Cancelled{}, whyEnded(d)
	}
	return Cancelled{ID: d.ID, Queue: d.Queue, Kind: d.Kind, Key: d.Key, StateWas: d.State, Ended: true}, nil
}

func cancelledOf(r queries.AdminCancelRow) Cancelled {
	return Cancelled{ID: r.ID, Queue: r.Queue, Kind: r.Kind, Key: orNil(r.Key), StateWas: r.StateWas, Ended: r.Ended}
}

// CancelParams selects the jobs of a queue to cancel. What is empty selects all.
type CancelParams struct {
	Queue          string // required
	Kind           string
	State          string
	KeyLike        string // as LIKE in SQL: % stands for anything
	ConcurrencyKey string
	OlderThan      time.Duration // since they were enqueued
	Max            int           // 1 to MaxBulk
}

// Validate finds fields that make no sense.
func (p CancelParams) Validate() error {
	var c checks
	c.text("queue", p.Queue, MaxName)
	c.optional("kind", p.Kind, MaxName)
	if p.State != "" {
		c.oneOf("state", p.State, States())
	}
	c.optional("keyLike", p.KeyLike, MaxKey)
	c.optional("concurrencyKey", p.ConcurrencyKey, MaxKey)
	c.age("olderThan", p.OlderThan)
	c.number("max", p.Max, 1, MaxBulk)
	return c.err()
}

// CancelWhere cancels many jobs, the oldest first.
func (a *Admin) CancelWhere(ctx context.Context, p CancelParams) ([]Cancelled, error) {
	return a.cancelWhere(ctx, p, false)
}

// PreviewCancel tells what CancelWhere would do.
func (a *Admin) PreviewCancel(ctx context.Context, p CancelParams) (Preview, error) {
	jobs, err := a.cancelWhere(ctx, p, true)
	if err != nil {
		return Preview{}, err
	}
	preview := Preview{Limited: len(jobs) == p.Max}
	for _, j := range jobs {
		preview.add(Example{ID: j.ID, Kind: j.Kind, State: j.StateWas, Key: j.Key}, j.Ended)
	}
	return preview.filled(), nil
}

func (a *Admin) cancelWhere(ctx context.Context, p CancelParams, preview bool) ([]Cancelled, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminCancelWhere(ctx, a.pool, queries.AdminCancelWhereParams{
		Queue: p.Queue, Kind: p.Kind, State: p.State, KeyLike: p.KeyLike, ConcurrencyKey: p.ConcurrencyKey,
		OlderThan: p.OlderThan.Seconds(), MaxJobs: int32(p.Max), Preview: preview,
	})
	if err != nil {
		return nil, explain("cancel jobs", err)
	}
	return mapped(rows, func(r queries.AdminCancelWhereRow) Cancelled { return cancelledOf(queries.AdminCancelRow(r)) }), nil
}
