package events

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/lifecycle"
	"son1k/internal/notify"
	"son1k/internal/queries"
)

const (
	// sweepInterval is how long an event whose message was lost can go unnoticed.
	sweepInterval = 5 * time.Second
	// readTimeout bounds a query, so that a connection of the pool that has died
	// without a word does not hold up all topics.
	readTimeout = 5 * time.Second
)

// Feed delivers events to the subscribers of this process.
type Feed struct {
	*lifecycle.Runner

	pool  *pgxpool.Pool
	q     *queries.Queries
	log   *slog.Logger
	wake  chan struct{}
	every time.Duration // sweepInterval, but in tests

	mu     sync.Mutex
	topics map[string]*topic
	stale  map[string]struct{} // topics with events to read from the log
	sweep  bool                // compare all topics with their counters
}

// topic is what this process knows of a topic that somebody follows.
type topic struct {
	cursor int64 // last event delivered; -1 until the first subscriber has read it
	seen   int64 // highest number heard of
	subs   map[*Subscription]struct{}
}

// NewFeed returns a Feed that reads the log through pool.
func NewFeed(pool *pgxpool.Pool, log *slog.Logger) *Feed {
	f := &Feed{
		pool:   pool,
		q:      queries.New(),
		log:    log,
		wake:   make(chan struct{}, 1),
		every:  sweepInterval,
		topics: make(map[string]*topic),
		stale:  make(map[string]struct{}),
	}
	f.Runner = lifecycle.NewRunner("events feed", f.run)
	return f
}

// Listen makes the feed receive over l, which must not have been started.
func (f *Feed) Listen(l *notify.Listener) {
	l.Handle(Channel, notify.Handler{Message: f.receive, Connected: f.requestSweep})
}

// Topics is how many topics are followed here.
func (f *Feed) Topics() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.topics)
}

// receive takes one message of the channel.
func (f *Feed) receive(text string) {
	var e Event
	if err := json.Unmarshal([]byte(text), &e); err != nil || e.Topic == "" {
		f.log.Warn("events: message not understood", "error", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.topics[e.Topic]
	if !ok {
		return
	}
	switch {
	case e.Seq == 0:
		t.deliver(e)
	case e.Seq == t.cursor+1 && e.Type != "":
		t.deliver(e)
		t.cursor = e.Seq
	case e.Seq > t.cursor:
		t.seen = max(t.seen, e.Seq)
		f.markStale(e.Topic)
	}
}

// Tell delivers an ephemeral event to the subscribers of this process only. A
// subscriber must not call it.
func (f *Feed) Tell(e Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if t, ok := f.topics[e.Topic]; ok {
		t.deliver(e)
	}
}

// deliver passes e to the subscribers that are up to date with the topic.
func (t *topic) deliver(e Event) {
	e.memo = new(memo)
	for s := range t.subs {
		s.offer(e)
	}
}

func (f *Feed) markStale(name string) {
	f.stale[name] = struct{}{}
	f.signal()
}

func (f *Feed) requestSweep() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sweep = true
	f.signal()
}

func (f *Feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

func (f *Feed) run(ctx context.Context, started func()) {
	started()
	ticker := time.NewTicker(f.every)
	defer ticker.Stop()
	for {
		sweep := false
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			sweep = true
		case <-f.wake:
		}
		if err := f.catchUp(ctx, sweep); err != nil && ctx.Err() == nil {
			f.log.WarnContext(ctx, "events: cannot read the log, trying again", "error", err)
			f.requestSweep()
			if !pause(ctx) {
				return
			}
		}
	}
}

// pause waits a moment before the log is read again after a failure.
func pause(ctx context.Context) bool {
	timer := time.NewTimer(200 * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
