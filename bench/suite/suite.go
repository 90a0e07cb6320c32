package suite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"son1k/bench/driver"
	"son1k/bench/server"
)

// Options say what to measure and how thoroughly.
type Options struct {
	DSN     string // of the server, as a superuser
	NodeDir string // with the drivers for Node
	Quick   bool
	Rounds  int
	PinFor  time.Duration
	Only    []string // cells, or what their names begin with; empty: all
	Systems []string // empty: all
	Log     io.Writer
}

// Suite measures job queues.
type Suite struct {
	Options

	sizes    sizes
	systems  []*system
	postgres *server.Postgres
	samples  map[string]map[string][]float64 // by row and system
	notes    map[string]string
	failures []string
	began    time.Time
}

// New returns a suite. It fails if there is no such cell or system.
func New(o Options) (*Suite, error) {
	s := &Suite{
		Options: o, sizes: fullSizes(), systems: allSystems(), began: time.Now(),
		samples: make(map[string]map[string][]float64), notes: make(map[string]string),
	}
	if o.Quick {
		s.sizes = quickSizes()
	}
	if s.Rounds < 1 || s.PinFor <= 0 {
		return nil, errors.New("suite: there must be at least one round, and some time to measure")
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(s.cells(), func(c cell) bool { return c.is(name) }) {
			return nil, fmt.Errorf("suite: no cell %q", name)
		}
	}
	for _, name := range o.Systems {
		if !slices.ContainsFunc(s.systems, func(sys *system) bool { return sys.name == name }) {
			return nil, fmt.Errorf("suite: no system %q", name)
		}
	}
	if len(o.Systems) > 0 {
		s.systems = slices.DeleteFunc(s.systems, func(sys *system) bool { return !slices.Contains(o.Systems, sys.name) })
	}
	return s, nil
}

// is tells whether a name means this cell.
func (c cell) is(name string) bool { return c.name == name || strings.HasPrefix(c.name, name+"-") }

func (s *Suite) wants(c cell) bool {
	return len(s.Only) == 0 || slices.ContainsFunc(s.Only, c.is)
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
		if s.wants(c) {
			s.runCell(ctx, c)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if len(s.failures) > 0 {
		return fmt.Errorf("%d measurements failed:\n  %s", len(s.failures), strings.Join(s.failures, "\n  "))
	}
	return nil
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
	for round := range rounds {
		for _, sys := range s.systems {
			if ctx.Err() != nil {
				return
			}
			f, err := s.measure(ctx, c, sys)
			if err != nil {
				if ctx.Err() == nil {
					s.failures = append(s.failures, fmt.Sprintf("%s, %s, round %d: %v", c.name, sys.name, round+1, err))
				}
				f = nil
			}
			s.keep(f, sys)
			s.progress(c, sys, round, f, err)
		}
	}
}

func (s *Suite) measure(ctx context.Context, c cell, sys *system) (f figures, err error) {
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

func (s *Suite) keep(f figures, sys *system) {
	for name, value := range f {
		if s.samples[name] == nil {
			s.samples[name] = make(map[string][]float64)
		}
		s.samples[name][sys.name] = append(s.samples[name][sys.name], value)
	}
}

// note keeps something to know about a row or cell.
func (s *Suite) note(name, format string, args ...any) { s.notes[name] = fmt.Sprintf(format, args...) }

func (s *Suite) progress(c cell, sys *system, round int, f figures, err error) {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(f)) {
		fmt.Fprintf(&text, "  %s %s", name, human(f[name]))
	}
	switch {
	case err != nil:
		text.WriteString("  failed: " + err.Error())
	case len(f) == 0:
		text.WriteString("  does not have it")
	}
	fmt.Fprintf(s.Log, "%6.1fs  %s, round %d: %s:%s\n", time.Since(s.began).Seconds(), c.name, round+1, sys.name, text.String())
}
