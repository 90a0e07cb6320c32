package admin

import (
	"context"
	"math"
	"time"

	"son1k/internal/queries"
)

// Pause lets no job of a queue start any more, on any worker; running jobs go
// on. The queue need not be known yet.
func (a *Admin) Pause(ctx context.Context, queue string) (Queue, error) {
	return a.control(ctx, queue, "pause queue", a.q.AdminPause)
}

// Resume takes Pause back.
func (a *Admin) Resume(ctx context.Context, queue string) (Queue, error) {
	return a.control(ctx, queue, "resume queue", a.q.AdminResume)
}

// Drain pauses a queue: it is draining until none of its jobs runs.
func (a *Admin) Drain(ctx context.Context, queue string) (Queue, error) {
	return a.control(ctx, queue, "drain queue", a.q.AdminDrain)
}

func (a *Admin) control(ctx context.Context, queue, doing string, change func(context.Context, queries.DBTX, string) error) (Queue, error) {
	if err := validQueue(queue); err != nil {
		return Queue{}, err
	}
	if err := change(ctx, a.pool, queue); err != nil {
		return Queue{}, explain(doing, err)
	}
	return a.Queue(ctx, queue)
}

// Limits is a change of the limits of a queue: what is nil stays as it is, and
// what points to 0 is taken away.
type Limits struct {
	MaxRunning        *int // jobs that run at once, on all workers together
	RateLimit         *int // jobs that start in any RateWindow, on all workers together
	RateWindow        time.Duration
	WorkerConcurrency *int // jobs that each worker process runs at once
	FairEvery         *int // one in so many claims takes the job that has waited longest; 0: none
}

// Empty reports whether nothing would change.
func (l Limits) Empty() bool {
	return l.MaxRunning == nil && l.RateLimit == nil && l.WorkerConcurrency == nil && l.FairEvery == nil
}

// Validate finds fields that make no sense.
func (l Limits) Validate() error {
	var c checks
	number := func(field string, n *int, most int) {
		if n != nil {
			c.number(field, *n, 0, most)
		}
	}
	number("maxRunning", l.MaxRunning, math.MaxInt32)
	number("rateLimit", l.RateLimit, math.MaxInt32)
	number("workerConcurrency", l.WorkerConcurrency, MaxConcurrency)
	number("fairEvery", l.FairEvery, math.MaxInt32)
	if l.RateLimit != nil && *l.RateLimit > 0 {
		c.that(l.RateWindow >= MinRateWindow && l.RateWindow <= MaxRateWindow, "rateWindow", "must count over 10ms to 24h")
	}
	return c.err()
}

// SetLimits changes the limits of a queue, which are in force at once on all
// workers.
func (a *Admin) SetLimits(ctx context.Context, queue string, l Limits) (Queue, error) {
	if err := l.Validate(); err != nil {
		return Queue{}, err
	}
	return a.control(ctx, queue, "set limits", func(ctx context.Context, db queries.DBTX, queue string) error {
		p := queries.AdminSetLimitsParams{
			Queue: queue, MaxRunning: limit(l.MaxRunning), RateLimit: limit(l.RateLimit), WorkerConcurrency: limit(l.WorkerConcurrency), FairEvery: unchanged,
		}
		if l.RateLimit != nil && *l.RateLimit > 0 {
			p.RateWindow = l.RateWindow.Seconds()
		}
		if l.FairEvery != nil {
			p.FairEvery = int32(*l.FairEvery)
		}
		return a.q.AdminSetLimits(ctx, db, p)
	})
}

const unchanged = -1

// limit is a limit as queue.set_limits wants it: null takes it away.
func limit(n *int) *int32 {
	value := int32(unchanged)
	if n != nil {
		value = int32(*n)
	}
	if value == 0 {
		return nil
	}
	return &value
}
