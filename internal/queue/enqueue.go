package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// Params describes a job to enqueue.
type Params struct {
	Queue       string
	Kind        string
	Key         string // at most one live job per queue and key; empty: no key
	Priority    int16  // lower runs first
	MaxAttempts int16  // 0 means 3
	Delay       time.Duration
	RunAt       time.Time     // not before this time; zero: after Delay
	Deadline    time.Duration // after which the job as a whole fails; 0: none
	// Of the jobs with the same key at most ConcurrencyLimit (0 means 1) run at
	// once; the others are blocked until one of them ends.
	ConcurrencyKey   string // empty: no limit
	ConcurrencyLimit int16
	Traceparent      string // W3C trace context; empty: none
	Payload          any    // marshalled to JSON; nil means {}
}

func (p *Params) setDefaults() {
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 3
	}
	if p.ConcurrencyKey != "" && p.ConcurrencyLimit == 0 {
		p.ConcurrencyLimit = 1
	}
	if p.ConcurrencyKey == "" {
		p.ConcurrencyLimit = 0
	}
}

// keyed tells whether other jobs, or transactions that add some, matter to it.
func (p Params) keyed() bool { return p.Key != "" || p.ConcurrencyKey != "" }

func (p *Params) payload() (json.RawMessage, error) {
	if p.Payload == nil {
		return json.RawMessage("{}"), nil
	}
	raw, err := json.Marshal(p.Payload)
	if err != nil {
		return nil, fmt.Errorf("queue: payload: %w", err)
	}
	return raw, nil
}

// Enqueued is a job that was enqueued, or found.
type Enqueued struct {
	ID       int64
	Inserted bool // false: there was a live job with its key
}

// EnqueueTx adds a job in the caller's transaction, or finds the live job that
// has its key; inserted tells which. After the commit, call Wake.
func (c *Client) EnqueueTx(ctx context.Context, tx pgx.Tx, p Params) (id int64, inserted bool, err error) {
	e, err := c.enqueue(ctx, tx, p)
	return e.ID, e.Inserted, err
}

func (c *Client) enqueue(ctx context.Context, db queries.DBTX, p Params) (Enqueued, error) {
	p.setDefaults()
	payload, err := p.payload()
	if err != nil {
		return Enqueued{}, err
	}
	arg := queries.QueueEnqueueParams{
		Queue: p.Queue, Kind: p.Kind, Key: optional(p.Key), Priority: p.Priority, MaxAttempts: p.MaxAttempts,
		Delay: p.Delay, RunAt: optional(p.RunAt), Deadline: p.Deadline.Seconds(),
		ConcurrencyKey: optional(p.ConcurrencyKey), ConcurrencyLimit: optional(p.ConcurrencyLimit),
		Traceparent: optional(p.Traceparent), Payload: payload,
	}
	for {
		// Prepared: an insertion can be planned in one way only.
		id, err := c.q.QueueEnqueue(ctx, db, arg)
		if err == nil {
			c.noteLater(p)
			return Enqueued{id, true}, nil
		}
		if errors.Is(err, pgx.ErrNoRows) {
			id, err = c.q.QueueFind(ctx, replanned{db}, queries.QueueFindParams{Queue: p.Queue, Key: p.Key})
		}
		if errors.Is(err, pgx.ErrNoRows) {
			continue // the job with the key has ended meanwhile
		}
		if err != nil {
			return Enqueued{}, fmt.Errorf("queue: enqueue: %w", err)
		}
		return Enqueued{id, false}, nil
	}
}

// EnqueueManyTx adds jobs in the caller's transaction, in order, with one
// statement. The answer has an entry for each. After the commit, call Wake for each
// queue.
func (c *Client) EnqueueManyTx(ctx context.Context, tx pgx.Tx, jobs []Params) ([]Enqueued, error) {
	return c.enqueueMany(ctx, tx, jobs)
}

func (c *Client) enqueueMany(ctx context.Context, db queries.DBTX, jobs []Params) ([]Enqueued, error) {
	arg, err := columns(jobs)
	if err != nil {
		return nil, err
	}
	all := make([]Enqueued, len(jobs))
	if !slices.ContainsFunc(jobs, Params.keyed) {
		ids, err := c.q.QueueEnqueueFree(ctx, db, queries.QueueEnqueueFreeParams{
			Queues: arg.Queues, Kinds: arg.Kinds, Priorities: arg.Priorities, MaxAttempts: arg.MaxAttempts, RunAt: arg.RunAt,
			Delays: arg.Delays, Deadlines: arg.Deadlines, Traceparents: arg.Traceparents, Payloads: arg.Payloads,
		})
		if err != nil {
			return nil, fmt.Errorf("queue: enqueue: %w", err)
		}
		for i, id := range ids {
			all[i] = Enqueued{id, true}
			c.noteLater(jobs[i])
		}
		return all, nil
	}
	rows, err := c.q.QueueEnqueueMany(ctx, db, arg)
	if err != nil {
		return nil, fmt.Errorf("queue: enqueue: %w", err)
	}
	for _, r := range rows {
		all[r.N-1] = Enqueued{r.ID, true}
		c.noteLater(jobs[r.N-1])
	}
	for i := range all {
		if all[i].ID != 0 {
			continue
		}
		if all[i], err = c.enqueue(ctx, db, jobs[i]); err != nil { // its key is taken, or was
			return nil, err
		}
	}
	return all, nil
}

// columns turns jobs into the arrays of the statement.
func columns(jobs []Params) (a queries.QueueEnqueueManyParams, err error) {
	for _, p := range jobs {
		p.setDefaults()
		payload, err := p.payload()
		if err != nil {
			return a, err
		}
		a.Queues = append(a.Queues, p.Queue)
		a.Kinds = append(a.Kinds, p.Kind)
		a.Keys = append(a.Keys, p.Key)
		a.Priorities = append(a.Priorities, p.Priority)
		a.MaxAttempts = append(a.MaxAttempts, p.MaxAttempts)
		a.RunAt = append(a.RunAt, p.RunAt)
		a.Delays = append(a.Delays, p.Delay.Seconds())
		a.Deadlines = append(a.Deadlines, p.Deadline.Seconds())
		a.ConcurrencyKeys = append(a.ConcurrencyKeys, p.ConcurrencyKey)
		a.ConcurrencyLimits = append(a.ConcurrencyLimits, p.ConcurrencyLimit)
		a.Traceparents = append(a.Traceparents, p.Traceparent)
		a.Payloads = append(a.Payloads, payload)
	}
	return a, nil
}

// optional is nil for a zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
