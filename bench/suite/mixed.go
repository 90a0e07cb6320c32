package suite

import (
	"context"
	"errors"

	"son1k/bench/driver"
	"son1k/bench/score"
)

// mixedMax: how many jobs a second can go in one by one and out again at the
// same time.
func (s *Suite) mixedMax() cell {
	n := s.sizes.mixedMax
	return cell{
		name: "mixed-max",
		rows: []score.Row{{Name: "mixed-max", Unit: "jobs/s in and out"}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			producer, worker, err := b.working(ctx, 0)
			if err != nil {
				return nil, err
			}
			in, err := producer.Call(ctx, driver.Request{Op: driver.Enqueue, Count: n, Clients: clients})
			if err != nil {
				return nil, err
			}
			out, err := worker.Call(ctx, driver.Request{Op: driver.Seen, Count: n})
			return score.Figures{"mixed-max": float64(n) / (float64(out.Ended-in.Began) / 1e6)}, err
		},
	}
}

// share of the slowest system's maximum at which all are compared.
const share = 0.8

// mixed: a rate that every system can sustain. Times are from when a job was
// due, so that a producer that is held up makes nothing look better.
func (s *Suite) mixed() cell {
	return cell{
		name: "mixed",
		rows: append([]score.Row{{Name: "mixed-p50", Unit: "ms from due to done", Lower: true}, {Name: "mixed-p99", Unit: "ms from due to done", Lower: true}}, spendRows("mixed")...),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			slowest, ok := s.board.Lowest("mixed-max")
			if !ok {
				return nil, errors.New("it needs the figures of mixed-max")
			}
			rate := slowest * share
			s.board.Note("mixed", "at %.0f jobs/s", rate)
			n := int(s.sizes.mixed.Seconds() * rate)
			producer, worker, err := b.working(ctx, n)
			if err != nil {
				return nil, err
			}
			f := make(score.Figures)
			spent, err := b.spent(ctx, func() error {
				produced, seen, err := openLoop(ctx, producer, worker, n, rate)
				if err == nil {
					percentiles(f, "mixed", produced.Due, seen.Started)
				}
				return err
			})
			spend(f, "mixed", spent, n)
			return f, err
		},
	}
}
