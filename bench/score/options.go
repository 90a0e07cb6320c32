package score

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Options say what to measure and how thoroughly.
type Options struct {
	DSN     string // of the Postgres server, as a superuser
	NodeDir string // with what runs on Node
	Quick   bool
	Rounds  int
	Only    []string // cells, or what their names begin with; empty: all
	Systems []string // empty: all
	Log     io.Writer
}

// Wants tells whether a cell is to be measured.
func (o *Options) Wants(cell string) bool {
	return len(o.Only) == 0 || slices.ContainsFunc(o.Only, func(name string) bool { return means(name, cell) })
}

// WantsSystem tells whether a system is to be measured.
func (o *Options) WantsSystem(name string) bool {
	return len(o.Systems) == 0 || slices.Contains(o.Systems, name)
}

func means(name, cell string) bool { return cell == name || strings.HasPrefix(cell, name+"-") }

// Check fails if the options name something that there is not.
func (o *Options) Check(cells, systems []string) error {
	if o.Rounds < 1 {
		return errors.New("there must be at least one round")
	}
	for _, name := range o.Only {
		if !slices.ContainsFunc(cells, func(cell string) bool { return means(name, cell) }) {
			return fmt.Errorf("no cell %q", name)
		}
	}
	for _, name := range o.Systems {
		if !slices.Contains(systems, name) {
			return fmt.Errorf("no system %q", name)
		}
	}
	return nil
}
