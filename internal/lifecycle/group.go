package lifecycle

import (
	"context"
	"fmt"
)

// Group starts services in order and stops them in reverse.
type Group struct {
	services []Service
	running  int
}

// Add appends a service. It is not safe to call after Start.
func (g *Group) Add(s ...Service) { g.services = append(g.services, s...) }

// Start starts each service and waits until it does its job before it starts
// the next. If one fails, or ctx ends first, those already started are
// stopped again.
func (g *Group) Start(ctx context.Context) error {
	for _, s := range g.services {
		if err := s.Start(ctx); err != nil {
			g.Stop()
			return err
		}
		g.running++
		if err := await(ctx, s); err != nil {
			g.Stop()
			return err
		}
	}
	return nil
}

func await(ctx context.Context, s Service) error {
	var done <-chan struct{}
	if d, ok := s.(interface{ Done() <-chan struct{} }); ok {
		done = d.Done()
	}
	select {
	case <-s.Started():
		return nil
	case <-done:
		return fmt.Errorf("%T ended before it had started", s)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop stops what runs, the last started first. It may be called twice.
func (g *Group) Stop() {
	for ; g.running > 0; g.running-- {
		g.services[g.running-1].Stop()
	}
}
