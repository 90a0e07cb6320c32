package queue

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sync"

	"son1k/internal/queries"
)

// completer records completed jobs in batches: what arrives while a batch is
// under way shares the next, so that a lone job waits for nobody.
type completer struct {
	t *tenure

	mu      sync.Mutex
	pending []*Job
	closed  bool
	wake    chan struct{}
}

func newCompleter(t *tenure) *completer {
	return &completer{t: t, wake: make(chan struct{}, 1)}
}

func (c *completer) add(job *Job) {
	c.mu.Lock()
	c.pending = append(c.pending, job)
	c.mu.Unlock()
	c.signal()
}

// close makes run return once everything is recorded. Nothing is added after.
func (c *completer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.signal()
}

func (c *completer) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *completer) take() (batch []*Job, closed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	batch, c.pending = c.pending, nil
	return batch, c.closed
}

func (c *completer) run(ctx context.Context) {
	for range c.wake {
		batch, closed := c.take()
		if len(batch) > 0 {
			c.record(ctx, batch)
		}
		if closed {
			return
		}
	}
}

func (c *completer) record(ctx context.Context, batch []*Job) {
	arg := queries.QueueFinishParams{
		Ids:      make([]int64, len(batch)),
		Seqs:     make([]int64, len(batch)),
		Results:  make([]json.RawMessage, len(batch)),
		WorkerID: c.t.id, Outcome: queries.QueueOutcomeCompleted,
	}
	// Everybody who locks many jobs locks them in this order.
	slices.SortFunc(batch, func(a, b *Job) int { return cmp.Compare(a.ID, b.ID) })
	keyed := false
	for i, job := range batch {
		arg.Ids[i], arg.Seqs[i], arg.Results[i] = job.ID, job.seq, job.rawResult()
		keyed = keyed || job.ConcurrencyKey != ""
	}
	err := c.t.persist(ctx, batch[0], "complete", func(ctx context.Context) error {
		_, err := c.t.q.QueueFinish(ctx, c.t.cfg.Pool, arg)
		return err
	})
	for _, job := range batch {
		if err != nil {
			c.t.noteUnrecorded(job)
		} else {
			c.t.metrics.ran(job, func(l *laneMetrics) { l.completed++ })
		}
		c.t.drop(job)
	}
	c.t.madeRoom(keyed)
}
