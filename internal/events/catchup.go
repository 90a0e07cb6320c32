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
		last, err := f.lastSeqs(ctx, batch)
		if err != nil {
			return err
		}
		for name, seq := range last {
			if f.behind(name, seq) {
				stale[name] = struct{}{}
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
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
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

// lastSeqs returns the counters of topics; that of an unknown one is 0.
func (f *Feed) lastSeqs(ctx context.Context, names []string) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	before := f.cursors(names)
	rows, err := f.q.EventsLastSeqs(ctx, f.pool, names)
	if err != nil {
		return nil, err
	}
	last := make(map[string]int64, len(names))
	for _, row := range rows {
		last[row.Name] = row.LastSeq
	}
	for name, cursor := range before {
		if last[name] < cursor {
			f.setBack(name, last[name])
		}
	}
	return last, nil
}

func (f *Feed) cursors(names []string) map[string]int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	cursors := make(map[string]int64, len(names))
	for _, name := range names {
		if t, ok := f.topics[name]; ok {
			cursors[name] = t.cursor
		}
	}
	return cursors
}

// setBack deals with a counter that is lower than what was delivered before it
// was read: the database has lost commits, in a failover or by a restored
// backup, and gives the numbers out again.
func (f *Feed) setBack(name string, last int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.topics[name]
	if !ok || t.cursor <= last {
		return
	}
	f.log.Warn("events: the log was set back", "topic", name, "from", t.cursor, "to", last)
	t.cursor, t.seen = last, last
	for s := range t.subs {
		if s.live {
			s.cursor, s.lost = last, true
		}
	}
}
