package queue

import (
	"context"
	"math"
	"sync"
	"time"

	"son1k/internal/queries"
)

// buckets is the number of buckets of a histogram of durations. Bucket i, from
// 1, ends at a quarter of a millisecond times the square root of two to the power
// of i (queue.bucket_ms in SQL): quantiles are off by a fifth at most, and the
// last begins at six days.
const buckets = 64

func bucket(d time.Duration) int {
	ms := d.Seconds() * 1000
	if ms <= 0.25 {
		return 1
	}
	return min(max(int(math.Ceil(2*math.Log2(ms/0.25))), 1), buckets)
}

// laneMetrics is what happened to the jobs of a priority.
type laneMetrics struct {
	completed, failed, cancelled, retried, snoozed, rescued int32
	waits, runs                                             [buckets]int32
}

// metrics collects what a worker does, to be written every few seconds: so the
// figures of a queue cost nothing per job, and reading them no count of the
// history.
type metrics struct {
	mu    sync.Mutex
	lanes map[int16]*laneMetrics
}

func newMetrics() *metrics { return &metrics{lanes: make(map[int16]*laneMetrics)} }

// count lets f change the figures of a priority.
func (m *metrics) count(priority int16, f func(*laneMetrics)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lanes[priority]
	if l == nil {
		l = new(laneMetrics)
		m.lanes[priority] = l
	}
	f(l)
}

// ran counts an attempt that ended; how counts how it did.
func (m *metrics) ran(job *Job, how func(*laneMetrics)) {
	run := bucket(time.Since(job.began))
	m.count(int16(job.Priority), func(l *laneMetrics) {
		l.waits[bucket(job.waited)-1]++
		l.runs[run-1]++
		how(l)
	})
}

func (m *metrics) take() map[int16]*laneMetrics {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.lanes
	m.lanes = make(map[int16]*laneMetrics)
	return all
}

// flushMetrics writes what was collected. What cannot be written is lost.
func (t *tenure) flushMetrics(ctx context.Context) error {
	for priority, l := range t.metrics.take() {
		err := t.q.QueueAddMetrics(ctx, t.db, queries.QueueAddMetricsParams{
			WorkerID: t.id, Queue: t.cfg.Queue, Priority: priority,
			Completed: l.completed, Failed: l.failed, Cancelled: l.cancelled,
			Retried: l.retried, Snoozed: l.snoozed, Rescued: l.rescued, Waits: l.waits[:], Runs: l.runs[:],
		})
		if err != nil {
			return err
		}
	}
	return nil
}
