package admin

import (
	"context"
	"encoding/json"
	"time"

	"son1k/internal/queries"
)

// EnqueueParams describes a job. What is empty but Queue and Kind has the
// meaning of not being given.
type EnqueueParams struct {
	Queue            string
	Kind             string
	Payload          json.RawMessage // empty: {}
	Priority         int
	Key              string
	Delay            time.Duration
	RunAt            time.Time // instead of Delay
	MaxAttempts      int
	ConcurrencyKey   string
	ConcurrencyLimit int           // with ConcurrencyKey
	Deadline         time.Duration // from now on
}

// Validate finds fields that make no sense.
func (p EnqueueParams) Validate() error {
	var c checks
	c.text("queue", p.Queue, MaxName)
	c.text("kind", p.Kind, MaxName)
	c.json("payload", p.Payload)
	c.number("priority", p.Priority, 0, MaxPriority)
	c.optional("key", p.Key, MaxKey)
	c.age("delay", p.Delay)
	c.that(p.RunAt.IsZero() || p.Delay == 0, "runAt", "cannot be given with a delay")
	c.that(p.RunAt.IsZero() || p.RunAt.Year() >= 1970 && p.RunAt.Year() < 10000, "runAt", "must be between the years 1970 and 9999")
	c.number("maxAttempts", p.MaxAttempts, 1, MaxAttempts)
	c.optional("concurrencyKey", p.ConcurrencyKey, MaxKey)
	c.number("concurrencyLimit", p.ConcurrencyLimit, 0, MaxPriority)
	c.that((p.ConcurrencyKey == "") == (p.ConcurrencyLimit == 0), "concurrencyKey", "needs its limit, and the limit a key")
	c.age("deadline", p.Deadline)
	return c.err()
}

// Enqueued is a job after Enqueue.
type Enqueued struct {
	Changed
	Added bool `json:"added"` // otherwise it was there, with the key
}

// Enqueue adds a job, or returns the live one of its queue with its key.
func (a *Admin) Enqueue(ctx context.Context, p EnqueueParams) (Enqueued, error) {
	if err := p.Validate(); err != nil {
		return Enqueued{}, err
	}
	if len(p.Payload) == 0 {
		p.Payload = json.RawMessage("{}")
	}
	row, err := a.q.AdminEnqueue(ctx, a.pool, queries.AdminEnqueueParams{
		Queue: p.Queue, Kind: p.Kind, Payload: p.Payload, Priority: int32(p.Priority), Key: p.Key, RunAt: p.RunAt, Delay: p.Delay.Seconds(),
		MaxAttempts: int32(p.MaxAttempts), ConcurrencyKey: p.ConcurrencyKey, ConcurrencyLimit: int32(p.ConcurrencyLimit), Deadline: p.Deadline.Seconds(),
	})
	if err != nil {
		return Enqueued{}, explain("enqueue", err)
	}
	return Enqueued{
		Changed: changedOf(queries.AdminRetryRow{
			ID: row.ID, Queue: row.Queue, Kind: row.Kind, Key: row.Key, State: row.State, Priority: row.Priority, RunAt: row.RunAt, Why: row.Why,
		}),
		Added: row.Added,
	}, nil
}
