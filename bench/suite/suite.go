package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"son1k/bench/driver"
	"son1k/bench/score"
	"son1k/bench/server"
)

// Options say what to measure and how thoroughly.
type Options struct {
	score.Options
	PinFor time.Duration
}

// Suite measures job queues.
type Suite struct {
	Options

	sizes    sizes
	systems  []*system
	postgres *server.Postgres
	board    *score.Board
}

// New returns a suite. It fails if there is no such cell or system.
func New(o Options) (*Suite, error) {
	s := &Suite{Options: o, sizes: fullSizes(), systems: allSystems()}
	if o.Quick {
		s.sizes = quickSizes()
	}
	if s.PinFor <= 0 {
		return nil, errors.New("suite: there must be some time to measure")
	}
	var cells []string
	for _, c := range s.cells() {
		cells = append(cells, c.name)
	}
	if err := o.Check(cells, s.names()); err != nil {
		return nil, fmt.Errorf("suite: %w", err)
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
		if s.Wants(c.name) {
			s.runCell(ctx, c)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return s.board.Err()
}

// prepare makes the system's template database and asks what the system is.
func (s *Suite) prepare(ctx context.Context, sys *system) error {
	ctx, cancel := context.WithTimeout(ctx, s.sizes.timeout)
	defer cancel()
	url := ""
	if !sys.redis {
		if err := s.postgres.Create(ctx, sys.template(), ""); err != nil {
			return err
		}
		var err error
		if url, err = s.postgres.DSN(sys.template()); err != nil {
			return err
		}
	}
	cmd, err := sys.command(s.NodeDir, url)
	if err != nil {
		return err
	}
	d, err := driver.Start(cmd)
	if err != nil {
		return err
	}
	defer d.Kill()
	about, err := d.Call(ctx, driver.Request{Op: driver.Describe})
	if err != nil {
		return err
	}
	sys.version, sys.config, sys.keyed = about.Version, about.Config, about.Keyed
	if sys.redis {
		return nil
	}
	_, err = d.Call(ctx, driver.Request{Op: driver.Setup})
	return err
}

func (s *Suite) cleanUp(ctx context.Context) {
	for _, sys := range s.systems {
		if !sys.redis {
			_ = s.postgres.Drop(ctx, sys.template()) // the server is a throwaway one
		}
	}
}

func (s *Suite) runCell(ctx context.Context, c cell) {
	rounds := s.Rounds
	if c.once {
		rounds = 1
	}
	s.board.Measure(ctx, c.name, rounds, func(ctx context.Context, name string) (score.Figures, error) {
		i := slices.IndexFunc(s.systems, func(sys *system) bool { return sys.name == name })
		return s.measure(ctx, c, s.systems[i])
	})
}

func (s *Suite) measure(ctx context.Context, c cell, sys *system) (f score.Figures, err error) {
	timeout := s.sizes.timeout
	if c.once {
		timeout += s.PinFor
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("not done after %v", timeout))
	defer cancel()
	b, err := s.newBed(ctx, sys, c.compact)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close(ctx)) }()
	return c.run(ctx, b)
}
