package suite

import (
	"context"
	"fmt"
	"slices"

	"son1k/bench/driver"
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
		rows: []row{{name: name + "-p50", unit: "ms", lower: true}, {name: name + "-p99", unit: "ms", lower: true}},
		run: func(ctx context.Context, b *bed) (figures, error) {
			n := int(s.sizes.latency.Seconds() * float64(rate))
			producer, worker, err := b.working(ctx, n)
			if err != nil {
				return nil, err
			}
			produced, seen, err := openLoop(ctx, producer, worker, n, float64(rate))
			if err != nil {
				return nil, err
			}
			f := make(figures)
			f.percentiles(name, produced.Returned, seen.Started)
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
func (f figures) percentiles(prefix string, from, to []int64) {
	passed := make([]int64, 0, len(from))
	for i := int(float64(len(from)) * warmUp); i < len(from); i++ {
		passed = append(passed, max(to[i]-from[i], 0))
	}
	slices.Sort(passed)
	at := func(percent int) float64 { return float64(passed[(len(passed)-1)*percent/100]) / 1000 }
	f[prefix+"-p50"], f[prefix+"-p99"] = at(50), at(99)
}
