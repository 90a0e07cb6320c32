package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// Group starts services in order and stops them in reverse. It is safe for
// concurrent use.
type Group struct {
	services []Service

	mu    sync.Mutex // guards begun and abort
	begun bool
	abort context.CancelFunc // makes Start give up; nil before Start

	turn    sync.Mutex // held while services start or stop
	running int
}

// Add appends a service. It must not be called after Start.
func (g *Group) Add(s ...Service) { g.services = append(g.services, s...) }

// Start starts each service and waits until it does its job before it starts
// the next. If one fails, or ctx ends or Stop is called first, those already
// started are stopped again. It fails if called twice or after Stop.
func (g *Group) Start(ctx context.Context) error {
	waiting, err := g.begin(ctx)
	if err != nil {
		return err
	}
	g.turn.Lock()
	defer g.turn.Unlock()
	for _, s := range g.services {
		if err := g.startOne(ctx, waiting, s); err != nil {
			g.stopAll()
			return err
		}
	}
	return nil
}

// begin returns the context that ends when there is no more point in starting.
func (g *Group) begin(ctx context.Context) (context.Context, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.begun {
		return nil, errors.New("lifecycle: the group was already started or stopped")
	}
	g.begun = true
	ctx, g.abort = context.WithCancel(ctx)
	return ctx, nil
}

func (g *Group) startOne(ctx, waiting context.Context, s Service) error {
	if err := waiting.Err(); err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	g.running++
	return await(waiting, s)
}

func await(ctx context.Context, s Service) error {
	var done <-chan struct{}
	if d, ok := s.(interface{ Done() <-chan struct{} }); ok {
		done = d.Done()
	}
	select {
	case <-s.Started():
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-done:
	}
	select {
	case <-s.Started(): // and has ended since
		return nil
	default:
		return fmt.Errorf("%T ended before it had started", s)
	}
}

// Stop stops what runs, the last started first, and waits. It may be called
// twice.
func (g *Group) Stop() {
	g.mu.Lock()
	g.begun = true
	if g.abort != nil {
		g.abort()
	}
	g.mu.Unlock()
	g.turn.Lock()
	defer g.turn.Unlock()
	g.stopAll()
}

func (g *Group) stopAll() {
	for ; g.running > 0; g.running-- {
		g.services[g.running-1].Stop()
	}
}
