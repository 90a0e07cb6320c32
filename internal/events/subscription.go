package events

import (
	"context"
	"fmt"
)

// Live asks Subscribe for new events only.
const Live int64 = -1

// A subscriber that has missed more than this is better off reading the state
// afresh, and would not stand the flood.
const (
	MaxReplay      = 1000      // events
	maxReplayBytes = 512 << 10 // of their data
)

// Subscription is one subscriber of one topic.
type Subscription struct {
	feed    *Feed
	name    string
	handler func(Event)
	missed  []Event // to be replayed by Begin

	// Guarded by feed.mu once the subscription is live; before that only
	// Subscribe uses cursor.
	live   bool
	begun  bool
	lost   bool // the next event comes after a gap, whatever its number
	cursor int64
	held   []Event // live ones that came before Begin
}

// Position is where a new subscription stands.
type Position struct {
	Seq       int64 // of the last event before the live ones
	Recovered bool  // whether every event after the one asked for will be replayed
}

// Subscribe begins to follow a topic. With after ≥ 0 the subscription will
// replay the events with higher numbers; Live replays none. If some of them are
// gone, or they are too many, it replays nothing and says so in Position.
//
// The handler is called from Begin on: with each event once and in order. It
// must not block nor call the feed; after Close has returned it is not called
// again.
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

// Begin replays what was missed, calls replayed, and from then on passes on
// live events, first those that have come meanwhile. It must be called once,
// soon after Subscribe.
func (s *Subscription) Begin(replayed func()) {
	for _, e := range s.missed {
		s.handler(e)
	}
	s.missed = nil
	replayed()
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for _, e := range s.held {
		s.handler(e)
	}
	s.held, s.begun = nil, true
}

// Close ends the subscription. It may be called twice.
func (s *Subscription) Close() {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	s.live = false
	t, ok := f.topics[s.name]
	if !ok {
		return
	}
	delete(t.subs, s)
	if len(t.subs) == 0 {
		delete(f.topics, s.name)
	}
}

// catchUp reads what the subscriber missed and then makes it live.
func (s *Subscription) catchUp(ctx context.Context, after int64) (Position, error) {
	last, err := s.lastSeq(ctx)
	if err != nil {
		return Position{}, err
	}
	recovered := true
	switch {
	case after == Live:
		s.cursor = last
	case after > last || last-after > MaxReplay: // made up, or too far behind
		s.cursor, recovered = last, false
	default:
		s.cursor = after
	}
	size := 0
	for {
		if seq, ok := s.goLive(last); ok {
			if after == Live || !recovered {
				s.missed = nil // came while we read; the subscriber begins after it
			}
			return Position{Seq: seq, Recovered: recovered}, nil
		}
		events, err := s.feed.after(ctx, s.name, s.cursor)
		if err != nil {
			return Position{}, err
		}
		if s.collect(events, &size) {
			continue
		}
		s.missed, size, recovered = nil, 0, false
		if last, err = s.lastSeq(ctx); err != nil {
			return Position{}, err
		}
		s.cursor = last
	}
}

// collect appends events to those missed. It reports false if there is a gap,
// or if they have become too many.
func (s *Subscription) collect(events []Event, size *int) bool {
	for _, e := range events {
		*size += len(e.Data)
		if e.Seq != s.cursor+1 {
			return false
		}
		s.missed = append(s.missed, e)
		s.cursor = e.Seq
	}
	return len(events) > 0 && len(s.missed) <= MaxReplay+page && *size <= maxReplayBytes
}

func (s *Subscription) lastSeq(ctx context.Context) (int64, error) {
	last, err := s.feed.lastSeqs(ctx, []string{s.name})
	return last[s.name], err
}

// goLive makes the subscription live if it has reached the topic's last number
// and everything that this process has delivered, and tells where that is.
func (s *Subscription) goLive(last int64) (int64, bool) {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	t := f.topics[s.name]
	if s.cursor < last || s.cursor < t.cursor {
		return 0, false
	}
	if t.cursor < 0 {
		t.cursor = s.cursor
	}
	if t.cursor < t.seen {
		f.markStale(s.name)
	}
	s.live = true
	return s.cursor, true
}

// offer passes e on unless the subscriber has it already or is not live.
func (s *Subscription) offer(e Event) {
	if !s.live || (e.Seq != 0 && e.Seq <= s.cursor) {
		return
	}
	if e.Seq != 0 {
		e.Gap = s.lost || e.Seq != s.cursor+1
		s.cursor, s.lost = e.Seq, false
	}
	if !s.begun {
		s.held = append(s.held, e)
		return
	}
	s.handler(e)
}
