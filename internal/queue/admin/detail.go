package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"son1k/internal/queries"
)

// Detail is everything about a job, live or ended.
type Detail struct {
	ID                int64           `json:"id"`
	Queue             string          `json:"queue"`
	Kind              string          `json:"kind"`
	Key               *string         `json:"key"`
	State             string          `json:"state"` // of an ended job its outcome
	Why               *string         `json:"why"`   // a live job does not run
	Priority          int             `json:"priority"`
	Attempt           int             `json:"attempt"`
	MaxAttempts       int             `json:"maxAttempts"`
	CreatedAt         time.Time       `json:"createdAt"`
	RunAt             *time.Time      `json:"runAt"`
	StartedAt         *time.Time      `json:"startedAt"`
	FinishedAt        *time.Time      `json:"finishedAt"`
	DeadlineAt        *time.Time      `json:"deadlineAt"`
	CancelRequestedAt *time.Time      `json:"cancelRequestedAt"`
	WorkerID          *string         `json:"workerId"`
	Progress          int             `json:"progress"`
	Stage             *string         `json:"stage"`
	ConcurrencyKey    *string         `json:"concurrencyKey"`
	ConcurrencyLimit  *int            `json:"concurrencyLimit"`
	Redriven          int             `json:"redriven"`
	ByHand            bool            `json:"byHand"`
	Traceparent       *string         `json:"traceparent"`
	Result            json.RawMessage `json:"result"`
	Checkpoint        json.RawMessage `json:"checkpoint"`
	Errors            []Failure       `json:"errors"`            // the last ones, oldest first
	Payload           json.RawMessage `json:"payload,omitempty"` // left out if empty, for those who should not see it
}

// Failure is an attempt that failed.
type Failure struct {
	Attempt   int        `json:"attempt"`
	StartedAt *time.Time `json:"startedAt"`
	At        time.Time  `json:"at"`
	Worker    *string    `json:"worker"`
	Error     string     `json:"error"`
}

// Ended reports whether the job is no longer live.
func (d Detail) Ended() bool { return d.FinishedAt != nil }

// Job returns everything about a job, live or ended. It fails with a
// [*NotFoundError] if there is none.
func (a *Admin) Job(ctx context.Context, id int64) (Detail, error) {
	r, err := a.q.AdminJob(ctx, a.pool, id)
	if err != nil {
		return Detail{}, explainJob("read job", id, err)
	}
	d := detailOf(r)
	if err := json.Unmarshal(r.Errors, &d.Errors); err != nil {
		return Detail{}, fmt.Errorf("errors of job %d: %w", id, err)
	}
	for i := range d.Errors {
		d.Errors[i].At = d.Errors[i].At.UTC()
		if started := d.Errors[i].StartedAt; started != nil {
			d.Errors[i].StartedAt = timeOrNil(*started)
		}
	}
	return d, nil
}

func detailOf(r queries.AdminJobRow) Detail {
	return Detail{
		ID: r.ID, Queue: r.Queue, Kind: r.Kind, Key: orNil(r.Key), State: r.State, Why: orNil(r.Why), Priority: int(r.Priority),
		Attempt: int(r.Attempt), MaxAttempts: int(r.MaxAttempts), CreatedAt: r.CreatedAt.UTC(), RunAt: timeOrNil(r.RunAt),
		StartedAt: timeOrNil(r.StartedAt), FinishedAt: timeOrNil(r.FinishedAt), DeadlineAt: timeOrNil(r.DeadlineAt),
		CancelRequestedAt: timeOrNil(r.CancelRequestedAt), WorkerID: orNil(r.WorkerID), Progress: int(r.Progress), Stage: orNil(r.Stage),
		ConcurrencyKey: orNil(r.ConcurrencyKey), ConcurrencyLimit: orNil(int(r.ConcurrencyLimit)), Redriven: int(r.Redriven), ByHand: r.ByHand,
		Traceparent: orNil(r.Traceparent), Payload: r.Payload, Result: r.Result, Checkpoint: r.Checkpoint,
	}
}
