package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// Job is a live job, without its payload.
type Job struct {
	ID               int64      `json:"id"`
	Queue            string     `json:"queue"`
	Kind             string     `json:"kind"`
	Key              *string    `json:"key"`
	State            string     `json:"state"`
	Priority         int        `json:"priority"`
	Attempt          int        `json:"attempt"`
	MaxAttempts      int        `json:"maxAttempts"`
	CreatedAt        time.Time  `json:"createdAt"`
	RunAt            time.Time  `json:"runAt"`
	StartedAt        *time.Time `json:"startedAt"`
	DeadlineAt       *time.Time `json:"deadlineAt"`
	Waited           *Span      `json:"waitedSeconds"` // null while scheduled
	Age              Span       `json:"ageSeconds"`
	WorkerID         *string    `json:"workerId"`
	Progress         int        `json:"progress"`
	Stage            *string    `json:"stage"`
	ConcurrencyKey   *string    `json:"concurrencyKey"`
	ConcurrencyLimit *int       `json:"concurrencyLimit"`
	Cancelling       bool       `json:"cancelling"`
	Redriven         int        `json:"redriven"`
	ByHand           bool       `json:"byHand"`
	LastError        *string    `json:"lastError"`
	Why              *string    `json:"why"` // it is not running; null if it is
}

// JobsParams selects live jobs. What is empty selects all.
type JobsParams struct {
	Queue   string
	Kind    string
	State   string
	KeyLike string // as LIKE in SQL: % stands for anything
	Limit   int    // 1 to MaxRows
}

// Validate finds fields that make no sense.
func (p JobsParams) Validate() error {
	var c checks
	c.optional("queue", p.Queue, MaxName)
	c.optional("kind", p.Kind, MaxName)
	c.optional("keyLike", p.KeyLike, MaxKey)
	if p.State != "" {
		c.oneOf("state", p.State, States())
	}
	c.number("limit", p.Limit, 1, MaxRows)
	return c.err()
}

// Jobs lists live jobs, oldest first.
func (a *Admin) Jobs(ctx context.Context, p JobsParams) ([]Job, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	states := []string{}
	if p.State != "" {
		states = append(states, p.State)
	}
	rows, err := a.q.AdminJobs(ctx, a.pool, queries.AdminJobsParams{
		Queue: p.Queue, Kind: p.Kind, States: states, KeyLike: p.KeyLike, MaxRows: int32(p.Limit),
	})
	if err != nil {
		return nil, explain("list jobs", err)
	}
	return mapped(rows, jobOf), nil
}

func jobOf(r queries.AdminJobsRow) Job {
	return Job{
		ID: r.ID, Queue: r.Queue, Kind: r.Kind, Key: orNil(r.Key), State: r.State, Priority: int(r.Priority),
		Attempt: int(r.Attempt), MaxAttempts: int(r.MaxAttempts),
		CreatedAt: r.CreatedAt.UTC(), RunAt: r.RunAt.UTC(), StartedAt: timeOrNil(r.StartedAt), DeadlineAt: timeOrNil(r.DeadlineAt),
		Waited: spanOrNil(r.Waited), Age: spanOf(r.Age), WorkerID: orNil(r.WorkerID), Progress: int(r.Progress), Stage: orNil(r.Stage),
		ConcurrencyKey: orNil(r.ConcurrencyKey), ConcurrencyLimit: orNil(int(r.ConcurrencyLimit)),
		Cancelling: r.Cancelling, Redriven: int(r.Redriven), ByHand: r.ByHand, LastError: orNil(r.LastError), Why: orNil(r.Why),
	}
}
