package suite

import (
	"context"
	"errors"

	"son1k/bench/driver"
)

// mixedMax: how many jobs a second can go in one by one and out again at the
// same time.
func (s *Suite) mixedMax() cell {
	n := s.sizes.mixedMax
	return cell{
		name: "mixed-max",
		rows: []row{{name: "mixed-max", unit: "jobs/s in and out"}},
		run: func(ctx context.Context, b *bed) (figures, error) {
			producer, worker, err := b.working(ctx, 0)
			if err != nil {
				return nil, err
			}
			in, err := producer.Call(ctx, driver.Request{Op: driver.Enqueue, Count: n, Clients: clients})
			if err != nil {
				return nil, err
			}
			out, err := worker.Call(ctx, driver.Request{Op: driver.Seen, Count: n})
			return figures{"mixed-max": float64(n) / (float64(out.Ended-in.Began) / 1e6)}, err
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
		rows: append([]row{{name: "mixed-p50", unit: "ms from due to done", lower: true}, {name: "mixed-p99", unit: "ms from due to done", lower: true}}, spendRows("mixed")...),
		run: func(ctx context.Context, b *bed) (figures, error) {
			slowest, ok := s.lowest("mixed-max")
			if !ok {
				return nil, errors.New("it needs the figures of mixed-max")
			}
			rate := slowest * share
			s.note("mixed", "at %.0f jobs/s", rate)
			n := int(s.sizes.mixed.Seconds() * rate)
			producer, worker, err := b.working(ctx, n)
			if err != nil {
				return nil, err
			}
			f := make(figures)
			spent, err := b.spent(ctx, func() error {
				produced, seen, err := openLoop(ctx, producer, worker, n, rate)
				if err == nil {
					f.percentiles("mixed", produced.Due, seen.Started)
				}
				return err
			})
			f.spend("mixed", spent, n)
			return f, err
		},
	}
}
