package suite

import (
	"context"
	"fmt"
	"time"

	"son1k/bench/driver"
	"son1k/bench/score"
)

// sustained: a producer keeps a bounded backlog up for minutes, a worker takes
// from it as fast as it can. The last fifth counts, or all but the first when
// that would be too little to tell. With pin, somebody has forgotten to end a
// transaction meanwhile.
func (s *Suite) sustained(name string, pin bool) cell {
	return cell{
		name: name, once: true, compact: true,
		rows: []score.Row{{Name: name, Unit: fmt.Sprintf("jobs/s, last %v of %v", s.PinFor-s.counted(), s.PinFor)}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			if pin {
				if b.redis != nil {
					return nil, nil
				}
				release, err := s.postgres.Pin(ctx, database)
				if err != nil {
					return nil, err
				}
				defer release()
			}
			rate, err := b.sustain(ctx, s.PinFor)
			return score.Figures{name: rate}, err
		},
	}
}

// pinnedRatio compares the two.
var pinnedRatio = score.Row{
	Name: "pinned-ratio", Unit: "throughput, pinned ÷ not", Over: "sustained-pinned", Under: "sustained",
}

// topUp is how often the backlog is looked at. A fraction of what a worker
// handles in that time must be less than the backlog.
const topUp = 20 * time.Millisecond

// counted is when the time that counts begins.
func (s *Suite) counted() time.Duration {
	if s.PinFor < 10*time.Second {
		return s.PinFor / 5
	}
	return s.PinFor * 4 / 5
}

// sustain returns the throughput at the end of d.
func (b *bed) sustain(ctx context.Context, d time.Duration) (float64, error) {
	producer, worker, err := b.working(ctx, 0)
	if err != nil {
		return 0, err
	}
	var produced int
	var start, late driver.Reply // late is when the time that counts begins
	for first := true; ; first = false {
		at, err := worker.Call(ctx, driver.Request{Op: driver.Handled})
		if err != nil {
			return 0, err
		}
		if first {
			start = at
		}
		passed := time.Duration(at.Now-start.Now) * time.Microsecond
		if passed >= d {
			return float64(at.Handled-late.Handled) / (float64(at.Now-late.Now) / 1e6), nil
		}
		if passed < b.suite.counted() {
			late = at
		}
		missing := b.suite.sizes.keep - (produced - at.Handled)
		if missing < batchSize {
			time.Sleep(topUp)
			continue
		}
		missing -= missing % batchSize
		produced += missing
		if _, err := producer.Call(ctx, driver.Request{Op: driver.Batch, Count: missing, Size: batchSize}); err != nil {
			return 0, err
		}
	}
}
