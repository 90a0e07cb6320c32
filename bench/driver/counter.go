package driver

import (
	"context"
	"sync/atomic"

	"son1k/bench/clock"
)

// counter counts handled jobs and notes when each was started.
type counter struct {
	handled atomic.Int64
	target  atomic.Int64
	reached chan struct{}

	// Set before the worker starts:
	started []int64 // to be noted for as many jobs as it has places
	skip    int64   // the job whose time is noted in skipped

	skipped atomic.Int64
}

func newCounter() *counter { return &counter{reached: make(chan struct{}, 1)} }

// handle is the handler of every job.
func (c *counter) handle(number int) {
	if number < len(c.started) {
		c.started[number] = clock.Now()
	}
	n := c.handled.Add(1)
	if n == c.skip {
		c.skipped.Store(clock.Now())
	}
	if n == c.target.Load() {
		select {
		case c.reached <- struct{}{}:
		default:
		}
	}
}

// wait waits until n jobs have been handled.
func (c *counter) wait(ctx context.Context, n int) error {
	c.target.Store(int64(n))
	for c.handled.Load() < int64(n) {
		select {
		case <-c.reached:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
