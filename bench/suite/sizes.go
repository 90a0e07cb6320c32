package suite

import "time"

const (
	batchSize = 1000
	clients   = 16
	keyCount  = 100
)

// sizes are how much of everything is measured.
type sizes struct {
	drain, enqueue, batch, mixedMax, keys int // jobs
	latency, mixed                        time.Duration
	paceSkip, pace                        int // jobs
	few, many                             int // jobs of backlog
	keep                                  int // jobs of backlog under sustained load
	timeout                               time.Duration
}

func fullSizes() sizes {
	return sizes{
		drain: 120_000, enqueue: 20_000, batch: 100_000, mixedMax: 20_000, keys: 20_000,
		latency: 10 * time.Second, mixed: 20 * time.Second,
		paceSkip: 5_000, pace: 20_000, few: 1_000, many: 1_000_000,
		keep: 10_000, timeout: 20 * time.Minute,
	}
}

// quickSizes give figures of no great precision in a minute or two.
func quickSizes() sizes {
	return sizes{
		drain: 3_000, enqueue: 800, batch: 5_000, mixedMax: 600, keys: 1_000,
		latency: 700 * time.Millisecond, mixed: 600 * time.Millisecond,
		paceSkip: 0, pace: 2_000, few: 1_000, many: 10_000,
		keep: 5_000, timeout: 30 * time.Second,
	}
}
