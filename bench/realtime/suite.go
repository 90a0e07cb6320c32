package realtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"son1k/bench/score"
	"son1k/bench/server"
)

// Options say what to measure and how thoroughly.
type Options struct {
	score.Options
	Son1k string // the program
}

// Suite measures realtime layers.
type Suite struct {
	Options

	sizes    sizes
	systems  []*system
	people   people
	postgres *server.Postgres
	board    *score.Board
}

// cell is something to measure.
type cell struct {
	name string
	rows []score.Row
	// skips tells which systems do not have what is measured; nil: none.
	skips func(*system) bool
	run   func(context.Context, *bed) (score.Figures, error)
}

func (s *Suite) cells() []cell {
	return []cell{
		s.ephemeral(), s.durable(), s.fanout("fanout-500", s.sizes.few), s.fanout("fanout-5000", s.sizes.many),
		s.idle(), s.storm(), s.writes(),
	}
}

// New returns a suite. It fails if there is no such cell or system.
func New(o Options) (*Suite, error) {
	s := &Suite{Options: o, sizes: fullSizes(), systems: allSystems()}
	if o.Quick {
		s.sizes = quickSizes()
	}
	var cells []string
	for _, c := range s.cells() {
		cells = append(cells, c.name)
	}
	err := o.Check(cells, s.names())
	if err == nil {
		s.people, err = newPeople(s.sizes.accounts)
	}
	if err == nil {
		err = allowOpenFiles()
	}
	if err != nil {
		return nil, fmt.Errorf("realtime: %w", err)
	}
	s.systems = slices.DeleteFunc(s.systems, func(sys *system) bool { return !o.WantsSystem(sys.name) })
	s.board = score.NewBoard(s.names(), o.Log)
	return s, nil
}

func (s *Suite) names() (names []string) {
	for _, sys := range s.systems {
		names = append(names, sys.name)
	}
	return names
}

// Run measures. What fails is left out of the results, and reported at the end.
func (s *Suite) Run(ctx context.Context) (err error) {
	if s.postgres, err = server.OpenPostgres(ctx, s.DSN); err != nil {
		return err
	}
	defer s.postgres.Close(context.WithoutCancel(ctx))
	defer s.cleanUp(context.WithoutCancel(ctx))
	for _, sys := range s.systems {
		if err := s.prepare(ctx, sys); err != nil {
			return fmt.Errorf("%s: %w", sys.name, err)
		}
	}
	for _, c := range s.cells() {
		if !s.Wants(c.name) {
			continue
		}
		s.board.Measure(ctx, c.name, s.Rounds, func(ctx context.Context, name string) (score.Figures, error) {
			i := slices.IndexFunc(s.systems, func(sys *system) bool { return sys.name == name })
			if c.skips != nil && c.skips(s.systems[i]) {
				return nil, nil
			}
			return s.measure(ctx, c, s.systems[i])
		})
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return s.board.Err()
}

func (s *Suite) measure(ctx context.Context, c cell, sys *system) (f score.Figures, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, s.sizes.timeout, fmt.Errorf("not done after %v", s.sizes.timeout))
	defer cancel()
	b, err := s.newBed(ctx, sys)
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	if err != nil {
		return nil, err
	}
	return c.run(ctx, b)
}

func (s *Suite) cleanUp(ctx context.Context) {
	for _, sys := range s.systems {
		if !sys.redis {
			_ = s.postgres.Drop(ctx, sys.template()) // the server is a throwaway one
		}
	}
}

// Results are the medians of what has been measured so far.
func (s *Suite) Results() []score.Result {
	var rows []score.Row
	for _, c := range s.cells() {
		if s.Wants(c.name) {
			rows = append(rows, c.rows...)
		}
	}
	return s.board.Results(rows)
}

// Table prints the results.
func (s *Suite) Table(w io.Writer) error { return s.board.Table(w, s.Results()) }

// Meta describes the run so far.
func (s *Suite) Meta(ctx context.Context) score.Meta {
	m := s.board.Meta(ctx, &s.Options.Options)
	m.Servers, m.Systems = make(map[string]string), make(map[string]score.About)
	for _, sys := range s.systems {
		m.Systems[sys.name] = sys.about
		if sys.redis {
			m.Servers["redis"] = server.AboutRedis(ctx)
		}
	}
	if s.postgres != nil {
		m.Servers["postgres"] = s.postgres.About()
	}
	return m
}
