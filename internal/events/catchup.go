package events

import (
	"context"
	"slices"

	"son1k/internal/queries"
)

const (
	sweepBatch = 1000 // topics per query
	page       = 500  // events per query
)

// catchUp reads from the log what stale topics have missed. With sweep, or if
// one was asked for, it first finds out which topics are stale.
func (f *Feed) catchUp(ctx context.Context, sweep bool) error {
	f.mu.Lock()
	sweep = sweep || f.sweep
	f.sweep = false
	stale := f.stale
	f.stale = make(map[string]struct{})
	var names []string
	if sweep {
		for name := range f.topics {
			names = append(names, name)
		}
	}
	f.mu.Unlock()

	for batch := range slices.Chunk(names, sweepBatch) {
		rows, err := f.q.EventsLastSeqs(ctx, f.pool, batch)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if f.behind(row.Name, row.LastSeq) {
				stale[row.Name] = struct{}{}
			}
		}
	}
	for name := range stale {
		if err := f.readTopic(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// behind notes that the topic has reached seq, and reports whether this
// process has delivered less.
func (f *Feed) behind(name string, seq int64) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.topics[name]
	if !ok || t.cursor < 0 {
		return false
	}
	t.seen = max(t.seen, seq)
	return t.cursor < t.seen
}

// readTopic delivers what the log holds beyond the topic's cursor.
func (f *Feed) readTopic(ctx context.Context, name string) error {
	for {
		f.mu.Lock()
		t, ok := f.topics[name]
		var cursor int64
		if ok {
			cursor = t.cursor
		}
		f.mu.Unlock()
		if !ok || cursor < 0 {
			return nil // nobody follows it, or the first subscriber is about to read
		}
		events, err := f.after(ctx, name, cursor)
		if err != nil {
			return err
		}
		f.mu.Lock()
		for _, e := range events {
			if e.Seq > t.cursor {
				e.Gap = e.Seq != t.cursor+1
				t.deliver(e)
				t.cursor = e.Seq
			}
		}
		f.mu.Unlock()
		if len(events) < page {
			return nil
		}
	}
}

// after returns up to a page of a topic's events with numbers above seq.
func (f *Feed) after(ctx context.Context, name string, seq int64) ([]Event, error) {
	rows, err := f.q.EventsAfter(ctx, f.pool, queries.EventsAfterParams{Topic: name, After: seq, MaxEvents: page})
	if err != nil {
		return nil, err
	}
	events := make([]Event, len(rows))
	for i, r := range rows {
		events[i] = Event{Topic: r.Topic, Seq: r.Seq, Type: r.Type, Data: r.Data, At: r.CreatedAt}
	}
	return events, nil
}
