package suite

import (
	"context"

	"son1k/bench/server"
)

// cell is something to measure.
type cell struct {
	name    string
	once    bool // takes so long that it runs in one round only
	compact bool // Redis may rewrite its append-only file meanwhile
	rows    []row
	run     func(context.Context, *bed) (figures, error)
}

// row is a line of the table.
type row struct {
	name  string
	unit  string
	lower bool // the lower, the better

	// A row may be one row over another.
	over, under string
}

// figures are the results of one run, by row. A row may be missing: the system
// does not have what it measures.
type figures map[string]float64

// spend adds what count jobs have cost.
func (f figures) spend(prefix string, u server.Usage, count int) {
	f[prefix+"-cpu"] = u.CPU / float64(count) * 1000
	f[prefix+"-log"] = float64(u.Log) / float64(count)
}

// spendRows are the rows that spend fills.
func spendRows(prefix string) []row {
	return []row{
		{name: prefix + "-cpu", unit: "CPU s/1000 jobs", lower: true},
		{name: prefix + "-log", unit: "bytes of WAL or AOF/job", lower: true},
	}
}

func (s *Suite) cells() []cell {
	return []cell{
		s.drain(), s.enqueue(), s.batch(),
		s.latency(200), s.latency(1000),
		s.mixedMax(), s.mixed(),
		s.backlog("few", s.sizes.few), withRow(s.backlog("many", s.sizes.many), backlogCost),
		s.keys(),
		s.sustained("sustained", false), withRow(s.sustained("sustained-pinned", true), pinnedRatio),
	}
}

func withRow(c cell, r row) cell {
	c.rows = append(c.rows, r)
	return c
}
