package suite

import (
	"context"
	"fmt"
	"slices"

	"son1k/bench/driver"
	"son1k/bench/score"
)

// warmUp is the share of the jobs at the start that are not counted: connections
// are being opened and code compiled.
const warmUp = 0.2

// latency: from the return of the enqueueing in one process to the call of the
// handler in another, at a steady rate.
func (s *Suite) latency(rate int) cell {
	name := fmt.Sprintf("latency-%d", rate)
	return cell{
		name: name,
		rows: []score.Row{{Name: name + "-p50", Unit: "ms", Lower: true}, {Name: name + "-p99", Unit: "ms", Lower: true}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			n := int(s.sizes.latency.Seconds() * float64(rate))
			producer, worker, err := b.working(ctx, n)
			if err != nil {
				return nil, err
			}
			produced, seen, err := openLoop(ctx, producer, worker, n, float64(rate))
			if err != nil {
				return nil, err
			}
			f := make(score.Figures)
			percentiles(f, name, produced.Returned, seen.Started)
			return f, nil
		},
	}
}

// openLoop enqueues n jobs at a rate in one process and returns when another
// has handled them all.
func openLoop(ctx context.Context, producer, worker *driver.Process, n int, rate float64) (produced, seen driver.Reply, err error) {
	produced, err = producer.Call(ctx, driver.Request{Op: driver.Produce, Count: n, Rate: rate})
	if err != nil {
		return produced, seen, err
	}
	seen, err = worker.Call(ctx, driver.Request{Op: driver.Seen, Count: n})
	return produced, seen, err
}

// percentiles adds those of the times that passed, in ms. A handler may be
// called before the enqueueing has returned; that is no time at all.
func percentiles(f score.Figures, prefix string, from, to []int64) {
	passed := make([]int64, 0, len(from))
	for i := int(float64(len(from)) * warmUp); i < len(from); i++ {
		passed = append(passed, max(to[i]-from[i], 0))
	}
	slices.Sort(passed)
	f[prefix+"-p50"], f[prefix+"-p99"] = score.At(passed, 50), score.At(passed, 99)
}
