package queue

import (
	"context"
	"time"

	"son1k/internal/queries"
)

const (
	scoutTimeout = 10 * time.Second
	// stuckAfter is the age of a horizon after which the transactions that hold it
	// up are looked at closely, which costs more.
	stuckAfter = 30 * time.Millisecond
)

// scoutLoop moves the marks whenever the claim loop asks for it, until ctx ends.
func (t *tenure) scoutLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.scoutNow:
		}
		if err := t.scout(ctx); err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "queue: scout failed", "error", err)
		}
	}
}

// scout moves the marks as far as they may.
func (t *tenure) scout(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, scoutTimeout)
	defer cancel()
	return t.marks.move(ctx, t.q, t.cfg.Pool, t.cfg.Queue, stuckAfter)
}

// move asks the database and moves the marks accordingly. If a horizon has not
// become safe within patience, it looks closely at what holds it up.
func (m *marks) move(ctx context.Context, q *queries.Queries, db queries.DBTX, queue string, patience time.Duration) error {
	now := time.Now()
	horizon, err := q.QueueHorizon(ctx, db, m.stuck(now, patience))
	if err != nil {
		return err
	}
	safe := m.observe(horizon, now)
	priorities, from := m.arrays()
	heads, err := q.QueueScout(ctx, db, queries.QueueScoutParams{Queue: queue, Priorities: priorities, Marks: from})
	if err != nil {
		return err
	}
	m.advance(heads, safe)
	return nil
}
