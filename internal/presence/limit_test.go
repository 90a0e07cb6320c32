package presence_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
)

// Whoever wants a place at the same time, on whichever replica: as many get one
// as there are.
func TestAcquireGivesAsManyAsThereAre(t *testing.T) {
	t.Parallel()
	const people, places, rounds = 100, 10, 5
	w := newWorld(t)
	rs := w.replicas(t, 3)
	limit := presence.Limit{Subject: "ann", Max: places}
	for range rounds {
		var wanting sync.WaitGroup
		var mu sync.Mutex
		var holders []*replica
		for n := range people {
			r := rs[n%len(rs)]
			wanting.Go(func() {
				if err := r.Acquire(t.Context(), limit); err == nil {
					mu.Lock()
					defer mu.Unlock()
					holders = append(holders, r)
				} else if err != presence.ErrTooMany {
					t.Error(err)
				}
			})
		}
		wanting.Wait()
		require.Len(t, holders, places)
		w.requireSockets(t, holders)
		for _, r := range holders {
			r.Release(limit)
		}
		w.requireRows(t)
	}
	require.Empty(t, w.announced(), "sockets are no place to be seen at")
}

func (w *world) requireSockets(t testing.TB, holders []*replica) {
	t.Helper()
	count := make(map[*replica]int)
	for _, r := range holders {
		count[r]++
	}
	var want []row
	for r, n := range count {
		want = append(want, r.row("sockets", "ann", n))
	}
	w.requireRows(t, want...)
}

// Places that are given back and wanted all the time are never held by more
// than there are. Some who could have had one may be refused meanwhile.
func TestAcquireNeverGivesMore(t *testing.T) {
	t.Parallel()
	const people, places, times = 30, 4, 20
	w := newWorld(t)
	rs := w.replicas(t, 3)
	limit := presence.Limit{Subject: "ann", Max: places}
	var wanting sync.WaitGroup
	var mu sync.Mutex
	held, most := 0, 0
	for n := range people {
		r := rs[n%len(rs)]
		wanting.Go(func() {
			for range times {
				if r.Acquire(t.Context(), limit) != nil {
					continue
				}
				mu.Lock()
				held++
				most = max(most, held)
				mu.Unlock()
				_, err := w.rows(t.Context()) // keep it for a while
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				held--
				mu.Unlock()
				r.Release(limit)
			}
		})
	}
	wanting.Wait()
	require.Positive(t, most)
	require.LessOrEqual(t, most, places)
	w.requireRows(t)
}

func TestAcquireWithoutLimit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	limit := presence.Limit{Subject: "ann"}
	for range 3 {
		require.NoError(t, a.Acquire(t.Context(), limit))
	}
	require.Zero(t, a.Remembered())
	a.Release(limit)
	require.NoError(t, a.Acquire(t.Context()))
}

// Of several limits all hold; who fails one takes nothing of the others.
func TestAcquireTakesAllOrNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	address := presence.Limit{Subject: "ip:192.0.2.1", Max: 3}
	ann, bob := presence.Limit{Subject: "ann", Max: 1}, presence.Limit{Subject: "bob", Max: 9}
	require.NoError(t, a.Acquire(t.Context(), address, ann))
	require.ErrorIs(t, b.Acquire(t.Context(), address, ann), presence.ErrTooMany)
	w.requireRows(t, a.row("sockets", "ip:192.0.2.1", 1), a.row("sockets", "ann", 1))
	require.NoError(t, b.Acquire(t.Context(), address, bob))
	require.NoError(t, b.Acquire(t.Context(), address, bob))
	require.ErrorIs(t, b.Acquire(t.Context(), bob, address), presence.ErrTooMany)
	w.requireRows(t, a.row("sockets", "ip:192.0.2.1", 1), a.row("sockets", "ann", 1),
		b.row("sockets", "ip:192.0.2.1", 2), b.row("sockets", "bob", 2))

	over, leave := context.WithCancel(t.Context())
	leave()
	require.ErrorIs(t, a.Acquire(over, bob, address), context.Canceled)
	a.Release(address, ann)
	b.Release(address, bob)
	b.Release(address, bob)
	w.requireRows(t)
	require.NoError(t, b.Acquire(t.Context(), ann))
}
