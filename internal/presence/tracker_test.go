package presence_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
)

// Somebody with several sockets, on several replicas, comes once and goes once.
func TestTrackerAnnouncesTheFirstAndTheLast(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]

	a.enter(t, "room", "ann")
	w.requireChanges(t, came("room", "ann", 1))
	w.requireRows(t, a.row("room", "ann", 1))
	a.enter(t, "room", "ann")
	b.enter(t, "room", "ann")
	w.requireRows(t, a.row("room", "ann", 2), b.row("room", "ann", 1))

	a.Exit("room", "ann", false)
	w.requireRows(t, a.row("room", "ann", 1), b.row("room", "ann", 1))
	a.Exit("room", "ann", false)
	w.requireRows(t, b.row("room", "ann", 1))
	w.requireChanges(t, came("room", "ann", 1))
	b.Exit("room", "ann", false)
	w.requireChanges(t, came("room", "ann", 1), went("room", "ann", 0))
	w.requireRows(t)
}

// A place has its own members, and a Change counts each once, however many
// replicas they are on.
func TestTrackerCountsTheMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	a.enter(t, "room", "ann")
	b.enter(t, "room", "ann")
	a.enter(t, "elsewhere", "ann")
	b.enter(t, "room", "bob")
	w.requireChanges(t, came("room", "ann", 1), came("elsewhere", "ann", 1), came("room", "bob", 2))
	w.forget()
	b.Exit("room", "bob", false)
	w.requireChanges(t, went("room", "bob", 1))
}

func TestTrackerCountsNoFurtherThanEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	exec(t, w.pool, `INSERT INTO events.presence (scope, subject, replica_id, n)
		SELECT 'room', 'member ' || i, $1, 1 FROM generate_series(1, $2) i`, a.ID(), presence.Enough+5)
	a.enter(t, "room", "ann")
	w.requireChanges(t, came("room", "ann", presence.Enough))
}

// The others are shown what came with the newest socket.
func TestTrackerShowsTheInfo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	old, young := json.RawMessage(`{"name":"Ann"}`), json.RawMessage(`{"name":"Anna"}`)
	require.NoError(t, a.Enter(t.Context(), "room", "ann", old))
	require.NoError(t, a.Enter(t.Context(), "room", "ann", young))
	require.NoError(t, a.Enter(t.Context(), "room", "nobody", nil))
	places, err := a.List(t.Context(), []string{"room"}, 10)
	require.NoError(t, err)
	require.Equal(t, 2, places[0].Total)
	require.JSONEq(t, `[{"name":"Anna"}, null]`, string(places[0].Infos))

	a.Exit("room", "ann", false)
	a.Exit("room", "ann", false)
	w.requireChanges(t,
		presence.Change{Scope: "room", Subject: "ann", Info: old, Here: true, Present: 1},
		presence.Change{Scope: "room", Subject: "nobody", Here: true, Present: 2},
		presence.Change{Scope: "room", Subject: "ann", Info: young, Present: 1})
}

// Who comes back in time has not been away.
func TestTrackerLingers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	back := w.replica(t, replicaOptions{})
	gone := w.replica(t, replicaOptions{linger: time.Millisecond})
	back.enter(t, "room", "ann")
	gone.enter(t, "room", "bob")
	w.requireChanges(t, came("room", "ann", 1), came("room", "bob", 2))
	w.forget()

	back.Exit("room", "ann", true)
	back.enter(t, "room", "ann")
	w.requireRows(t, back.row("room", "ann", 2), gone.row("room", "bob", 1))
	gone.Exit("room", "bob", true)
	w.requireChanges(t, went("room", "bob", 1))
}

// The socket of before is forgotten when its time is over, and its user, who has
// another by now, does not go.
func TestTrackerForgetsTheSocketThatLingered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{linger: 50 * time.Millisecond})
	a.enter(t, "room", "ann")
	a.Exit("room", "ann", true)
	a.enter(t, "room", "ann")
	w.requireRows(t, a.row("room", "ann", 1))
	w.requireChanges(t, came("room", "ann", 1))
}

// More exits than entries are no debt.
func TestTrackerIgnoresAnExitTooMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	a.Exit("room", "ann", false)
	a.enter(t, "room", "ann")
	a.Exit("room", "ann", false)
	a.Exit("room", "ann", false)
	w.requireRows(t)
	a.enter(t, "room", "ann")
	w.requireRows(t, a.row("room", "ann", 1))
	w.requireChanges(t, came("room", "ann", 1), went("room", "ann", 0), came("room", "ann", 1))
}

// What has gone takes no memory.
func TestTrackerForgets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	a.enter(t, "room", "ann")
	a.enter(t, "room", "bob")
	a.Exit("room", "ann", false)
	require.Eventually(t, func() bool { return a.Remembered() == 1 }, patient, pollEach)
}

// What the table would refuse is refused before it spoils a batch for others.
func TestTrackerRefusesWhatThereCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	longest := strings.Repeat("é", 200)
	for name, bad := range map[string]struct {
		scope, subject string
		info           string
	}{
		"no place":         {"", "ann", `1`},
		"no subject":       {"room", "", `1`},
		"long place":       {longest + "x", "ann", `1`},
		"long subject":     {"room", longest + "x", `1`},
		"zero in place":    {"ro\x00om", "ann", `1`},
		"zero in subject":  {"room", "a\x00nn", `1`},
		"not UTF-8":        {"room", "a\xffnn", `1`},
		"info is no JSON":  {"room", "ann", `{"name":`},
		"info is no UTF-8": {"room", "ann", "\"\xff\""},
	} {
		require.Error(t, a.Enter(t.Context(), bad.scope, bad.subject, json.RawMessage(bad.info)), name)
		require.Zero(t, a.Remembered(), name)
	}
	require.Error(t, a.Acquire(t.Context(), presence.Limit{Subject: "", Max: 1}))
	a.enter(t, longest, longest)
	w.requireRows(t, a.row(longest, longest, 1))
}

// Who does not want to wait any more is not there.
func TestTrackerEnterCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "LOCK TABLE events.presence IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)

	bored := errors.New("bored")
	ctx, cancel := context.WithCancelCause(t.Context())
	entered := make(chan error)
	go func() { entered <- a.Enter(ctx, "room", "ann", nil) }()
	require.Eventually(t, func() bool { return a.Remembered() == 1 }, patient, pollEach)
	cancel(bored)
	require.ErrorIs(t, <-entered, bored)
	require.NoError(t, tx.Rollback(t.Context()))

	require.Eventually(t, func() bool { return a.Remembered() == 0 }, patient, pollEach)
	w.requireRows(t)
}

// Who comes before the replica has started waits for it.
func TestTrackerEnterBeforeStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.unstarted(t, replicaOptions{})
	entered := make(chan error)
	go func() { entered <- a.Enter(t.Context(), "room", "ann", info("ann")) }()
	require.Eventually(t, func() bool { return a.Unreported() == 1 }, patient, pollEach)
	require.NoError(t, a.Start(t.Context()))
	require.NoError(t, <-entered)
	w.requireChanges(t, came("room", "ann", 1))
}

// A replica may start before its database can be reached.
func TestTrackerStartsBeforePostgres(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.unstarted(t, replicaOptions{})
	a.sever()
	require.NoError(t, a.Start(t.Context()))
	require.Eventually(t, func() bool { return a.refused() > 0 }, patient, pollEach)
	a.mend()
	<-a.Started()
	a.enter(t, "room", "ann")
	w.requireRows(t, a.row("room", "ann", 1))
}

func TestTrackerWithoutListener(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := presence.NewTracker(w.pool, quiet(), nil)
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(a.Stop)
	require.NoError(t, a.Enter(t.Context(), "room", "ann", nil))
	a.Exit("room", "ann", false)
	w.requireRows(t)
}

// Who waits when the process stops, or calls it afterwards, is told at once.
func TestTrackerStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, stop := range map[string]func(*replica){
		"waiting":       func(*replica) {},
		"never started": func(r *replica) { r.Stop() },
	} {
		a := w.unstarted(t, replicaOptions{})
		stop(a)
		entered := make(chan error, 1)
		go func() { entered <- a.Enter(t.Context(), "room", "ann", nil) }()
		if name == "waiting" {
			require.Eventually(t, func() bool { return a.Unreported() == 1 }, patient, pollEach)
			a.Stop()
		}
		require.ErrorContains(t, <-entered, "stopping", name)
		require.ErrorContains(t, a.Acquire(t.Context(), presence.Limit{Subject: "ann", Max: 1}), "stopping", name)
		a.Exit("room", "ann", false)
		a.Release(presence.Limit{Subject: "ann", Max: 1})
	}
	w.requireRows(t)
}

// A report that the stop interrupts ends with the same answer.
func TestTrackerStoppedInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{})
	tx, err := w.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "LOCK TABLE events.presence IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	entered := make(chan error)
	go func() { entered <- a.Enter(t.Context(), "room", "ann", nil) }()
	require.Eventually(t, func() bool { return w.waiting(t) == 1 }, patient, pollEach)
	go a.Stop()
	require.ErrorContains(t, <-entered, "stopping")
	require.NoError(t, tx.Rollback(t.Context()))
	<-a.Done()
}

// waiting is how many connections wait for a lock.
func (w *world) waiting(t testing.TB) (n int) {
	t.Helper()
	require.NoError(t, w.pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
		WHERE datname = current_database() AND application_name = 'presence' AND wait_event_type = 'Lock'`).Scan(&n))
	return n
}
