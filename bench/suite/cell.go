package suite

import (
	"context"

	"son1k/bench/score"
	"son1k/bench/server"
)

// cell is something to measure.
type cell struct {
	name    string
	once    bool // takes so long that it runs in one round only
	compact bool // Redis may rewrite its append-only file meanwhile
	rows    []score.Row
	run     func(context.Context, *bed) (score.Figures, error)
}

// spend adds what count jobs have cost.
func spend(f score.Figures, prefix string, u server.Usage, count int) {
	f[prefix+"-cpu"] = u.CPU / float64(count) * 1000
	f[prefix+"-log"] = float64(u.Log) / float64(count)
}

// spendRows are the rows that spend fills.
func spendRows(prefix string) []score.Row {
	return []score.Row{
		{Name: prefix + "-cpu", Unit: "CPU s/1000 jobs", Lower: true},
		{Name: prefix + "-log", Unit: "bytes of WAL or AOF/job", Lower: true},
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

func withRow(c cell, r score.Row) cell {
	c.rows = append(c.rows, r)
	return c
}
