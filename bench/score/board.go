package score

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Self is the name of the system that the others are compared with.
const Self = "son1k"

// Board has the figures of a run so far.
type Board struct {
	systems  []string
	log      io.Writer
	began    time.Time
	samples  map[string]map[string][]float64 // by row and system
	notes    map[string]string
	failures []string
}

// NewBoard returns a board for systems, in the order in which they are measured.
func NewBoard(systems []string, log io.Writer) *Board {
	return &Board{
		systems: systems, log: log, began: time.Now(),
		samples: make(map[string]map[string][]float64), notes: make(map[string]string),
	}
}

// Measure has a cell measured with each system in turn, round after round. What
// fails is left out of the results, and reported at the end.
func (b *Board) Measure(ctx context.Context, cell string, rounds int, measure func(ctx context.Context, system string) (Figures, error)) {
	for round := range rounds {
		for _, system := range b.systems {
			if ctx.Err() != nil {
				return
			}
			f, err := measure(ctx, system)
			if err != nil {
				if ctx.Err() == nil {
					b.failures = append(b.failures, fmt.Sprintf("%s, %s, round %d: %v", cell, system, round+1, err))
				}
				f = nil
			}
			b.keep(f, system)
			b.progress(cell, system, round, f, err)
		}
	}
}

func (b *Board) keep(f Figures, system string) {
	for name, value := range f {
		if b.samples[name] == nil {
			b.samples[name] = make(map[string][]float64)
		}
		b.samples[name][system] = append(b.samples[name][system], value)
	}
}

func (b *Board) progress(cell, system string, round int, f Figures, err error) {
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
	fmt.Fprintf(b.log, "%6.1fs  %s, round %d: %s:%s\n", time.Since(b.began).Seconds(), cell, round+1, system, text.String())
}

// Note keeps something to know about a row or cell.
func (b *Board) Note(name, format string, args ...any) { b.notes[name] = fmt.Sprintf(format, args...) }

// Err tells what has failed.
func (b *Board) Err() error {
	if len(b.failures) == 0 {
		return nil
	}
	return fmt.Errorf("%d measurements failed:\n  %s", len(b.failures), strings.Join(b.failures, "\n  "))
}

// Lowest is the lowest median of the systems in a row.
func (b *Board) Lowest(name string) (lowest float64, ok bool) {
	for _, values := range b.samples[name] {
		if m := median(values); !ok || *m < lowest {
			lowest, ok = *m, true
		}
	}
	return lowest, ok
}
