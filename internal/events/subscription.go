package events

import (
	"context"
	"fmt"
)

// Live asks Subscribe for new events only.
const Live int64 = -1

// Subscription is one subscriber of one topic.
type Subscription struct {
	feed    *Feed
	name    string
	handler func(Event)

	// Guarded by feed.mu once the subscription is live; before that only
	// Subscribe uses cursor.
	live   bool
	cursor int64
}

// Position is where a new subscription stands.
type Position struct {
	Seq       int64 // of the last event before the live ones
	Recovered bool  // whether every event after the one asked for was replayed
}

// Subscribe calls handler with each event of a topic, in order. With after ≥ 0
// it first replays those with higher numbers, before it returns; Live replays
// none. If some of them are gone it replays nothing and says so in Position.
// handler must not block nor call the feed; after Close has returned it is not
// called again.
func (f *Feed) Subscribe(ctx context.Context, name string, after int64, handler func(Event)) (*Subscription, Position, error) {
	s := &Subscription{feed: f, name: name, handler: handler}
	f.register(s)
	pos, err := s.catchUp(ctx, after)
	if err != nil {
		s.Close()
		return nil, Position{}, fmt.Errorf("events: subscribe: %w", err)
	}
	return s, pos, nil
}

func (f *Feed) register(s *Subscription) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.topics[s.name]
	if !ok {
		t = &topic{cursor: -1, subs: make(map[*Subscription]struct{})}
		f.topics[s.name] = t
	}
	t.subs[s] = struct{}{}
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.topics[s.name]
	if !ok {
		return
	}
	s.live = false
	delete(t.subs, s)
	if len(t.subs) == 0 {
		delete(f.topics, s.name)
	}
}

// catchUp replays what the subscriber missed and then makes it live.
func (s *Subscription) catchUp(ctx context.Context, after int64) (Position, error) {
	last, err := s.lastSeq(ctx)
	if err != nil {
		return Position{}, err
	}
	recovered := true
	switch {
	case after == Live:
		s.cursor = last
	case after > last: // from another database, or made up
		s.cursor, recovered = last, false
	default:
		s.cursor = after
	}
	for first := true; !s.goLive(last); first = false {
		events, err := s.feed.after(ctx, s.name, s.cursor)
		if err != nil {
			return Position{}, err
		}
		if len(events) == 0 || events[0].Seq != s.cursor+1 {
			if !first {
				return Position{}, fmt.Errorf("topic %s: events after %d have vanished", s.name, s.cursor)
			}
			s.cursor, recovered = last, false
			continue
		}
		for _, e := range events {
			s.handler(e)
			s.cursor = e.Seq
		}
	}
	return Position{Seq: s.cursor, Recovered: recovered}, nil
}

func (s *Subscription) lastSeq(ctx context.Context) (int64, error) {
	rows, err := s.feed.q.EventsLastSeqs(ctx, s.feed.pool, []string{s.name})
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	return rows[0].LastSeq, nil
}

// goLive makes the subscription live if it has reached the topic's last number
// and everything that this process has delivered.
func (s *Subscription) goLive(last int64) bool {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[s.name]
	if s.cursor < last || s.cursor < t.cursor {
		return false
	}
	if t.cursor < 0 {
		t.cursor = s.cursor
	}
	if t.cursor < t.seen {
		f.markStale(s.name)
	}
	s.live = true
	return true
}

// offer passes e on unless the subscriber has it already or is not live.
func (s *Subscription) offer(e Event) {
	if !s.live || (e.Seq != 0 && e.Seq <= s.cursor) {
		return
	}
	if e.Seq != 0 {
		s.cursor = e.Seq
	}
	s.handler(e)
}
