// Package lifecycle is the one contract of everything that runs for long.
//
// Start begins the work in goroutines that the service owns and returns an
// error if it cannot. Started is closed once the service does its job. Stop
// ends it and waits; it may be called twice, or without Start.
package lifecycle

import (
	"context"
	"fmt"
	"sync"
)

// Service is a long-running part of the process.
type Service interface {
	Start(ctx context.Context) error
	Started() <-chan struct{}
	Stop()
}

// Runner implements Service around one run function. Embed or wrap it; the
// zero value is not usable, see NewRunner.
type Runner struct {
	name string
	run  func(ctx context.Context, started func())

	mu      sync.Mutex
	cancel  context.CancelFunc
	started chan struct{}
	done    chan struct{}
}

// NewRunner returns a service whose goroutine calls run. run calls started
// once it does its job, and returns soon after its context ends. The values
// of Start's context are passed on, its cancellation is not: only Stop ends
// the run, so that a group can stop its parts in order.
func NewRunner(name string, run func(ctx context.Context, started func())) *Runner {
	return &Runner{name: name, run: run, started: make(chan struct{}), done: make(chan struct{})}
}

// Start launches the run function. It fails if called twice or after Stop.
func (r *Runner) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cancel != nil {
		return fmt.Errorf("%s: already started or stopped", r.name)
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%s: start: %w", r.name, err)
	}
	runCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel = cancel
	once := sync.OnceFunc(func() { close(r.started) })
	go func() {
		defer close(r.done)
		defer cancel()
		r.run(runCtx, once)
	}()
	return nil
}

// Started is closed once the run function says that it does its job. It stays
// open if the run ends before that; select on Done as well.
func (r *Runner) Started() <-chan struct{} { return r.started }

// Done is closed when the run function has returned, or when Stop came first.
func (r *Runner) Done() <-chan struct{} { return r.done }

// Stop cancels the run and waits for its end.
func (r *Runner) Stop() {
	r.mu.Lock()
	if r.cancel == nil { // never started: make a later Start fail
		r.cancel = func() {}
		close(r.done)
	}
	cancel := r.cancel
	r.mu.Unlock()
	cancel()
	<-r.done
}
