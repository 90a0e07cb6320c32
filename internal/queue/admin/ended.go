package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// Ended is a job of the history, without payload and result.
type Ended struct {
	ID          int64      `json:"id"`
	Outcome     string     `json:"outcome"`
	Queue       string     `json:"queue"`
	Kind        string     `json:"kind"`
	Key         *string    `json:"key"`
	Priority    int        `json:"priority"`
	Attempt     int        `json:"attempt"`
	MaxAttempts int        `json:"maxAttempts"`
	CreatedAt   time.Time  `json:"createdAt"`
	StartedAt   *time.Time `json:"startedAt"`
	FinishedAt  time.Time  `json:"finishedAt"`
	Waited      *Span      `json:"waitedSeconds"` // before its last attempt
	Ran         *Span      `json:"ranSeconds"`    // its last attempt
	Redriven    int        `json:"redriven"`
	LastError   *string    `json:"lastError"`
}

// EndedParams selects jobs of the history. What is empty selects all.
type EndedParams struct {
	Queue   string
	Kind    string
	Outcome string        // History only
	Since   time.Duration // how far to look back
	Limit   int           // 1 to MaxRows
}

// Validate finds fields that make no sense.
func (p EndedParams) Validate() error {
	var c checks
	c.optional("queue", p.Queue, MaxName)
	c.optional("kind", p.Kind, MaxName)
	if p.Outcome != "" {
		c.oneOf("outcome", p.Outcome, Outcomes())
	}
	c.age("since", p.Since)
	c.number("limit", p.Limit, 1, MaxRows)
	return c.err()
}

// History lists jobs that have ended, the last one enqueued first.
func (a *Admin) History(ctx context.Context, p EndedParams) ([]Ended, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	outcomes := Outcomes()
	if p.Outcome != "" {
		outcomes = []string{p.Outcome}
	}
	rows, err := a.q.AdminHistory(ctx, a.pool, queries.AdminHistoryParams{
		Outcomes: outcomes, Since: p.Since.Seconds(), Queue: p.Queue, Kind: p.Kind, MaxRows: int32(p.Limit),
	})
	if err != nil {
		return nil, explain("list ended jobs", err)
	}
	return mapped(rows, endedOf), nil
}

// Failed lists jobs that failed for good, the last one to fail first.
func (a *Admin) Failed(ctx context.Context, p EndedParams) ([]Ended, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminFailed(ctx, a.pool, queries.AdminFailedParams{
		Since: p.Since.Seconds(), Queue: p.Queue, Kind: p.Kind, MaxRows: int32(p.Limit),
	})
	if err != nil {
		return nil, explain("list failed jobs", err)
	}
	return mapped(rows, func(r queries.AdminFailedRow) Ended { return endedOf(queries.AdminHistoryRow(r)) }), nil
}

func endedOf(r queries.AdminHistoryRow) Ended {
	return Ended{
		ID: r.ID, Outcome: r.Outcome, Queue: r.Queue, Kind: r.Kind, Key: orNil(r.Key), Priority: int(r.Priority),
		Attempt: int(r.Attempt), MaxAttempts: int(r.MaxAttempts),
		CreatedAt: r.CreatedAt.UTC(), StartedAt: timeOrNil(r.StartedAt), FinishedAt: r.FinishedAt.UTC(),
		Waited: spanOrNil(r.Waited), Ran: spanOrNil(r.Ran), Redriven: int(r.Redriven), LastError: orNil(r.LastError),
	}
}
