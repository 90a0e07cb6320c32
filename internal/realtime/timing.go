package realtime

import (
	"sync"
	"time"
)

// warnBefore is how long before its token expires a client is told.
const warnBefore = 60 * time.Second

// expiry watches over the end of a token.
type expiry struct {
	expire func()
	warn   func(at time.Time)

	mu     sync.Mutex
	timers []*time.Timer
	ended  bool
}

func newExpiry(expire func(), warn func(time.Time)) *expiry {
	return &expiry{expire: expire, warn: warn}
}

// set replaces the end that is watched; the zero time is never.
func (e *expiry) set(at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, t := range e.timers {
		t.Stop()
	}
	e.timers = nil
	if at.IsZero() || e.ended {
		return
	}
	left := time.Until(at)
	e.timers = []*time.Timer{
		time.AfterFunc(left, e.expire),
		time.AfterFunc(left-warnBefore, func() { e.warn(at) }),
	}
}

// stop ends the watch.
func (e *expiry) stop() {
	e.mu.Lock()
	e.ended = true
	e.mu.Unlock()
	e.set(time.Time{})
}

func timestamp() any {
	return struct {
		Timestamp time.Time `json:"timestamp"`
	}{time.Now().UTC()}
}

// bucket is a token bucket.
type bucket struct {
	rate, burst, tokens float64
	last                time.Time
}

func newBucket(rate, burst float64) bucket {
	return bucket{rate: rate, burst: burst, tokens: burst}
}

func (b *bucket) allow(now time.Time) bool {
	if !b.last.IsZero() {
		b.tokens = min(b.burst, b.tokens+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}
