package suite

import (
	"context"
	"fmt"

	"son1k/bench/driver"
	"son1k/bench/score"
)

// backlog: how fast a fixed number of jobs is handled while others wait behind
// them.
func (s *Suite) backlog(name string, waiting int) cell {
	return cell{
		name: "backlog-" + name,
		rows: []score.Row{{Name: "backlog-" + name, Unit: fmt.Sprintf("jobs/s, %d waiting", waiting)}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			d, err := b.start() // it comes up meanwhile
			if err != nil {
				return nil, err
			}
			if err := b.fill(ctx, s.sizes.paceSkip+s.sizes.pace+waiting, 0); err != nil {
				return nil, err
			}
			if err := b.settle(ctx, d); err != nil {
				return nil, err
			}
			r, err := d.Call(ctx, driver.Request{Op: driver.Pace, Skip: s.sizes.paceSkip, Count: s.sizes.pace})
			return score.Figures{"backlog-" + name: float64(s.sizes.pace) / r.Seconds}, err
		},
	}
}

// backlogCost compares the two.
var backlogCost = score.Row{
	Name: "backlog-cost", Unit: "time per job, many ÷ few waiting", Lower: true,
	Over: "backlog-few", Under: "backlog-many",
}
