package user

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// loadTimeout bounds a load that its first caller no longer waits for.
const loadTimeout = 5 * time.Second

// recent remembers what load returned, for ttl and at most max keys. Callers
// who miss the same key at once share one load. Errors are not remembered.
type recent[V any] struct {
	ttl  time.Duration
	max  int
	now  func() time.Time
	load func(ctx context.Context, key string) (V, error)

	flights singleflight.Group
	mu      sync.Mutex
	entries map[string]entry[V]
	epoch   uint64 // counts calls of forget
}

type entry[V any] struct {
	value   V
	expires time.Time
}

func newRecent[V any](ttl time.Duration, max int, now func() time.Time, load func(context.Context, string) (V, error)) *recent[V] {
	return &recent[V]{ttl: ttl, max: max, now: now, load: load, entries: make(map[string]entry[V])}
}

// get returns the value of key, loaded at most ttl ago.
func (r *recent[V]) get(ctx context.Context, key string) (V, error) {
	r.mu.Lock()
	e, ok := r.entries[key]
	r.mu.Unlock()
	if ok && r.now().Before(e.expires) {
		return e.value, nil
	}
	// One caller giving up must not fail the others, so the load has the
	// values of the first one's context but not its end.
	flight := r.flights.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		return r.fill(ctx, key)
	})
	var none V
	select {
	case <-ctx.Done():
		return none, ctx.Err()
	case res := <-flight:
		if res.Err != nil {
			return none, res.Err
		}
		return res.Val.(V), nil
	}
}

func (r *recent[V]) fill(ctx context.Context, key string) (V, error) {
	r.mu.Lock()
	epoch := r.epoch
	r.mu.Unlock()
	asOf := r.now()
	value, err := r.load(ctx, key)
	if err != nil {
		return value, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.epoch == epoch { // else it may be from before what was forgotten
		r.makeRoom(key, asOf)
		r.entries[key] = entry[V]{value: value, expires: asOf.Add(r.ttl)}
	}
	return value, nil
}

// makeRoom drops a few entries of a full map, the expired ones if it meets any.
func (r *recent[V]) makeRoom(key string, now time.Time) {
	if _, ok := r.entries[key]; ok || len(r.entries) < r.max {
		return
	}
	var victim string
	seen := 0
	for k, e := range r.entries { // starts anywhere
		victim = k
		if !now.Before(e.expires) {
			delete(r.entries, k)
		}
		if seen++; seen == 16 {
			break
		}
	}
	if len(r.entries) >= r.max {
		delete(r.entries, victim)
	}
}

// forget makes the next get of key load anew.
func (r *recent[V]) forget(key string) {
	r.flights.Forget(key)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	delete(r.entries, key)
}
