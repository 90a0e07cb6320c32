package presence_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
)

func who(n int) string { return fmt.Sprintf("member %d", n) }

// Those who come at the same time share few statements.
func TestReportsAreBatched(t *testing.T) {
	t.Parallel()
	const people = 1000
	w := newWorld(t)
	a := w.unstarted(t, replicaOptions{})
	var entering sync.WaitGroup
	errs := make(chan error, people)
	for n := range people {
		entering.Go(func() { errs <- a.Enter(t.Context(), "room", who(n), info(who(n))) })
	}
	require.Eventually(t, func() bool { return a.Unreported() == people }, patient, pollEach)
	require.NoError(t, a.Start(t.Context()))
	entering.Wait()
	for range people {
		require.NoError(t, <-errs)
	}
	require.Equal(t, people/presence.BatchSize, a.asked("PresenceReport"))
	require.Eventually(t, func() bool { return len(w.announced()) == people }, patient, pollEach)
	places, err := a.List(t.Context(), []string{"room"}, 1)
	require.NoError(t, err)
	require.Equal(t, people, places[0].Total)
}

// What changes while a report is under way is in the next one.
func TestReportsShareTheNext(t *testing.T) {
	t.Parallel()
	const people = presence.BatchSize
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "LOCK TABLE events.presence IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	var entering sync.WaitGroup
	defer entering.Wait()
	entering.Go(func() { _ = a.Enter(t.Context(), "room", "first", nil) })
	require.Eventually(t, func() bool { return w.waiting(t) == 1 }, patient, pollEach)
	for n := range people {
		entering.Go(func() { _ = a.Enter(t.Context(), "room", who(n), nil) })
	}
	require.Eventually(t, func() bool { return a.Unreported() == people }, patient, pollEach)
	require.NoError(t, tx.Rollback(t.Context()))
	entering.Wait()
	require.Equal(t, 2, a.asked("PresenceReport"))
}

// However much there is to report, the replica shows that it lives.
func TestReportsLeaveRoomForHeartbeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.unstarted(t, replicaOptions{})
	over, leave := context.WithCancel(t.Context())
	leave()
	beats := make(chan struct{}, 1)
	a.after(func(name string) {
		switch name {
		case "PresenceReport":
			_ = a.Enter(over, "room", "ann", nil) // there is always something to report
		case "PresenceBeat":
			select {
			case beats <- struct{}{}:
			default:
			}
		}
	})
	require.NoError(t, a.Start(t.Context()))
	a.enter(t, "room", "bob")
	for range 3 {
		<-beats
	}
	a.after(nil)
}

// Replicas that report the same people at the same time, in whatever order they
// came, do not wait for each other in a circle, and each comes and goes once.
func TestReportsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	const people, rounds = presence.BatchSize, 10
	w := newWorld(t)
	rs := w.replicas(t, 3)
	for range rounds {
		w.forget()
		var coming sync.WaitGroup
		errs := make(chan error, len(rs)*people)
		for _, r := range rs {
			for n := range people {
				coming.Go(func() { errs <- r.Enter(t.Context(), "room", who(n), info(who(n))) })
			}
		}
		coming.Wait()
		for range len(rs) * people {
			require.NoError(t, <-errs)
		}
		for _, r := range rs {
			for n := range people {
				r.Exit("room", who(n), false)
			}
		}
		w.requireRows(t)
		require.Eventually(t, func() bool { return len(w.announced()) >= 2*people }, patient, pollEach)
		turns := make(map[string][2]int)
		for _, c := range w.announced() {
			n := turns[c.Subject]
			n[b2i(c.Here)]++
			turns[c.Subject] = n
		}
		require.Len(t, turns, people)
		for subject, n := range turns {
			require.Equal(t, [2]int{1, 1}, n, subject)
		}
	}
	var deadlocks int
	require.NoError(t, w.pool.QueryRow(t.Context(),
		"SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks))
	require.Zero(t, deadlocks)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A report that comes late, over a connection that the replica has given up,
// does not undo the newer one.
func TestReportsThatComeLateCountForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	a.enter(t, "room", "ann")
	a.Exit("room", "ann", false)
	w.requireRows(t)
	late := func() error {
		_, err := w.pool.Exec(t.Context(),
			"SELECT events.report_presence($1, 1, '{room}', '{ann}', '{1}', '{null}', 1)", a.ID())
		return err
	}
	require.ErrorContains(t, late(), "has reported since")
	exec(t, w.pool, "TRUNCATE events.replica, events.presence")
	require.Eventually(t, func() bool { return w.registered(t, a) }, patient, pollEach)
	require.ErrorContains(t, late(), "has reported since")
	w.requireRows(t)
}
