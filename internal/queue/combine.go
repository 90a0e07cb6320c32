package queue

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// How many statements of combined enqueues may be under way. For jobs without
	// keys one at a time is best: whoever comes meanwhile shares the next, and fewer
	// statements and commits cost less. Those with keys may have to wait for a
	// transaction of somebody else; then there is one more place.
	freePlaces  = 1
	keyedPlaces = 2

	maxFlush     = 1000
	flushTimeout = 30 * time.Second
)

// combiner lets concurrent calls of Enqueue share statements and commits: what
// arrives while others are under way goes with the next. A call that finds a free
// place flushes for all that wait, itself included, and hands the place on.
type combiner struct {
	client *Client
	places int

	mu      sync.Mutex
	pending []*request
	active  int
}

type request struct {
	params Params
	answer Enqueued
	err    error
	done   chan struct{} // closed when answered
	lead   chan struct{} // gets a value when it is this request's turn to flush
	leads  bool          // it has a place, taken or given
}

// Enqueue adds a job in a transaction of its own, or finds the live job that has
// its key, and wakes workers. inserted tells which. If it fails because ctx
// ended or the connection broke, the job may have been enqueued all the same.
func (c *Client) Enqueue(ctx context.Context, p Params) (id int64, inserted bool, err error) {
	b := &c.free
	if p.keyed() {
		b = &c.keyed
	}
	e, err := b.do(ctx, p)
	if err == nil && e.Inserted {
		c.Wake(p.Queue)
	}
	return e.ID, e.Inserted, err
}

func (b *combiner) do(ctx context.Context, p Params) (Enqueued, error) {
	if _, err := p.payload(); err != nil {
		return Enqueued{}, err // rather than spoil a whole batch
	}
	r := &request{params: p, done: make(chan struct{}), lead: make(chan struct{}, 1)}
	b.mu.Lock()
	b.pending = append(b.pending, r)
	lead := b.active < b.places
	if lead {
		b.active++
		r.leads = true
	}
	b.mu.Unlock()
	if !lead {
		select {
		case <-r.done:
			b.decline(r)
			return r.answer, r.err
		case <-r.lead:
		case <-ctx.Done():
			return b.abandon(ctx, r)
		}
	}
	b.flush(ctx)
	<-r.done // this flush or an earlier one has taken it
	return r.answer, r.err
}

// abandon withdraws a request that nobody has taken yet.
func (b *combiner) abandon(ctx context.Context, r *request) (Enqueued, error) {
	b.mu.Lock()
	for i, other := range b.pending {
		if other == r {
			b.pending = append(b.pending[:i], b.pending[i+1:]...)
			break
		}
	}
	b.mu.Unlock()
	b.decline(r)
	return Enqueued{}, fmt.Errorf("queue: enqueue: %w", ctx.Err())
}

// decline passes on the place of a request that was given one and needs none any
// more. It is not pending, so that it will be given no other.
func (b *combiner) decline(r *request) {
	select {
	case <-r.lead:
		b.pass()
	default:
	}
}

// flush enqueues what is pending and passes the place on. That the caller loses
// patience is no reason to interrupt what others wait for.
func (b *combiner) flush(ctx context.Context) {
	defer b.pass()
	runtime.Gosched() // those who have just been answered come back with their next
	b.mu.Lock()
	n := min(len(b.pending), maxFlush)
	batch := b.pending[:n:n]
	b.pending = b.pending[n:]
	b.mu.Unlock()
	if n == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	b.enqueue(ctx, batch)
	for _, r := range batch {
		close(r.done)
	}
}

// pass gives the place to the first request that waits, or frees it.
func (b *combiner) pass() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.pending {
		if !r.leads { // with one place it does for all that any more could do
			r.leads = true
			r.lead <- struct{}{}
			return
		}
	}
	b.active--
}

func (b *combiner) enqueue(ctx context.Context, batch []*request) {
	c := b.client
	if len(batch) > 1 {
		params := make([]Params, len(batch))
		for i, r := range batch {
			params[i] = r.params
		}
		answers, err := c.enqueueMany(ctx, c.pool, params)
		if err == nil {
			for i, r := range batch {
				r.answer = answers[i]
			}
			return
		}
		var refused *pgconn.PgError
		if !errors.As(err, &refused) {
			for _, r := range batch {
				r.err = err
			}
			return
		}
	}
	// One alone, or one of many that Postgres refuses, which the others do not suffer for.
	for _, r := range batch {
		r.answer, r.err = c.enqueue(ctx, c.pool, r.params)
	}
}
