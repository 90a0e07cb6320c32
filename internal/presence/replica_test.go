package presence_test

import (
	"context"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/presence"
)

// Whoever was on a replica that died goes once, however many notice; not so who
// is elsewhere too.
func TestReplicaKilled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 4)
	dead, b := rs[0], rs[1]
	dead.enter(t, "room", "ann")
	dead.enter(t, "other", "ann")
	dead.enter(t, "room", "bob")
	b.enter(t, "room", "bob")
	require.NoError(t, dead.Acquire(t.Context(), presence.Limit{Subject: "ann", Max: 1}))
	w.requireChanges(t, came("room", "ann", 1), came("other", "ann", 1), came("room", "bob", 2))
	w.forget()

	dead.kill()
	require.True(t, w.registered(t, dead))
	w.bury(t, dead)
	w.requireRows(t, b.row("room", "bob", 1))
	w.requireBeats(t, rs[1:], 2) // nobody finds it a second time
	w.requireChanges(t, swept("room", "ann"), swept("other", "ann"))
}

// requireBeats waits for each to have shown so many more signs of life, and
// looked for the dead.
func (w *world) requireBeats(t testing.TB, rs []*replica, n int) {
	t.Helper()
	for _, r := range rs {
		before := r.asked("PresenceSweep")
		require.Eventually(t, func() bool { return r.asked("PresenceSweep") >= before+n }, patient, pollEach)
	}
}

// It is its silence that tells the others.
func TestReplicaSilentForTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := w.replica(t, replicaOptions{})
	dead.enter(t, "room", "ann")
	w.replica(t, replicaOptions{silence: time.Second})
	dead.kill()
	w.requireRows(t)
	w.requireChanges(t, came("room", "ann", 1), swept("room", "ann"))
	require.False(t, w.registered(t, dead))
}

// A replica that was cut off and taken for dead finds that out, and reports
// everything anew: who is still there comes, who has left meanwhile does not.
func TestReplicaReturns(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	for _, subject := range []string{"ann", "bob", "cid"} {
		a.enter(t, "room", subject)
	}
	b.enter(t, "room", "cid")
	w.requireChanges(t, came("room", "ann", 1), came("room", "bob", 2), came("room", "cid", 3))
	w.forget()

	a.sever()
	w.bury(t, a)
	w.requireChanges(t, swept("room", "ann"), swept("room", "bob"))
	require.Error(t, a.Enter(t.Context(), "room", "dan", nil))
	a.Exit("room", "bob", false)
	w.forget()
	a.mend()
	w.requireRows(t, a.row("room", "ann", 1), a.row("room", "cid", 1), b.row("room", "cid", 1))
	require.Eventually(t, func() bool { return a.Remembered() == 2 }, patient, pollEach)
	for _, c := range w.announced() {
		if c.Here {
			require.Equal(t, "ann", c.Subject)
		} else {
			require.Equal(t, "bob", c.Subject, "gone twice rather than never")
		}
	}
	require.Contains(t, subjects(w.announced()), "ann")
}

func subjects(changes []presence.Change) (found []string) {
	for _, c := range changes {
		found = append(found, c.Subject)
	}
	return found
}

// Those of a replica that is stopped count as present until it is time to come
// back, but their sockets are closed.
func TestReplicaStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	a.enter(t, "room", "ann")
	a.enter(t, "room", "bob")
	one := presence.Limit{Subject: "ann", Max: 1}
	require.NoError(t, a.Acquire(t.Context(), one))
	w.forget()

	a.Stop()
	var left time.Duration
	require.NoError(t, w.pool.QueryRow(t.Context(), "SELECT seen_at + $2 - clock_timestamp() FROM events.replica WHERE id = $1",
		a.ID(), silence).Scan(&left))
	require.Greater(t, left, never-patient)
	require.LessOrEqual(t, left, never)

	require.NoError(t, b.Acquire(t.Context(), one), "the socket on the other replica is closed")
	b.enter(t, "room", "ann")
	w.requireBeats(t, rs[1:], 2)
	w.requireRows(t, a.row("room", "ann", 1), a.row("room", "bob", 1), b.row("room", "ann", 1), b.row("sockets", "ann", 1))
	require.Empty(t, w.announced())
	w.bury(t, a)
	w.requireRows(t, b.row("room", "ann", 1), b.row("sockets", "ann", 1))
	w.requireChanges(t, swept("room", "bob"))
}

// The time to come back passes by itself.
func TestReplicaStoppedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{linger: time.Millisecond})
	w.replica(t, replicaOptions{})
	a.enter(t, "room", "ann")
	a.Stop()
	w.requireChanges(t, came("room", "ann", 1), swept("room", "ann"))
}

// Whatever became of the tables, the next heartbeat fills them again.
func TestReplicaFindsTheTablesEmpty(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	a.enter(t, "room", "ann")
	b.enter(t, "room", "ann")
	b.enter(t, "room", "bob")
	exec(t, w.pool, "TRUNCATE events.replica, events.presence")
	w.requireRows(t, a.row("room", "ann", 1), b.row("room", "ann", 1), b.row("room", "bob", 1))
}

// The replica that reports before its next heartbeat learns it from that.
func TestReplicaFindsTheTablesEmptyInAReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.replica(t, replicaOptions{beat: never})
	a.enter(t, "room", "ann")
	a.enter(t, "room", "bob")
	exec(t, w.pool, "TRUNCATE events.replica, events.presence")
	w.forget()
	a.Exit("room", "bob", false)
	w.requireRows(t, a.row("room", "ann", 1))
	w.requireChanges(t, came("room", "ann", 1), went("room", "bob", 1))
}

// The tables do not outlive a crash of the server; the replicas do, and what
// happened meanwhile is not lost.
func TestReplicaSurvivesACrashOfPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	w := &world{dsn: server.DSN(), pool: open(t, server.DSN(), nil, nil)}
	rs := w.replicas(t, 2)
	a, b := rs[0], rs[1]
	a.enter(t, "room", "ann")
	a.enter(t, "room", "bob")
	b.enter(t, "room", "cid")
	w.forget()
	a.sever() // so that it cannot be too early
	require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
	a.Exit("room", "bob", false)
	a.mend()
	require.Eventually(t, func() bool { return b.Enter(t.Context(), "room", "dan", info("dan")) == nil }, patient, pollEach)
	require.Eventually(t, func() bool { _, err := w.rows(t.Context()); return err == nil }, patient, pollEach)
	w.requireRows(t, a.row("room", "ann", 1), b.row("room", "cid", 1), b.row("room", "dan", 1))
	require.Eventually(t, func() bool { return a.Remembered() == 1 }, patient, pollEach)
	gone := 0
	for _, c := range w.announced() {
		if !c.Here {
			gone++
			require.Equal(t, "bob", c.Subject)
		}
	}
	require.Equal(t, 1, gone)
}

// Somebody leaves, or comes, while another replica where he was is being swept
// away: one of the two announces it.
func TestSweepAndReportTakeTurns(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		before func(testing.TB, *replica)
		during func(context.Context, *replica)
		swept  []string // what the sweep finds
		want   []presence.Change
		rows   func(*replica) []row
	}{
		"leaves": {
			before: func(t testing.TB, r *replica) { r.enter(t, "room", "ann") },
			during: func(_ context.Context, r *replica) { r.Exit("room", "ann", false) },
			want:   []presence.Change{went("room", "ann", 0)},
			rows:   func(*replica) []row { return nil },
		},
		"comes": {
			before: func(testing.TB, *replica) {},
			during: func(ctx context.Context, r *replica) { _ = r.Enter(ctx, "room", "ann", info("ann")) },
			swept:  []string{"ann"},
			want:   []presence.Change{came("room", "ann", 1)},
			rows:   func(r *replica) []row { return []row{r.row("room", "ann", 1)} },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			rs := []*replica{w.replica(t, replicaOptions{beat: never}), w.replica(t, replicaOptions{beat: never})}
			a, dead := rs[0], rs[1]
			dead.enter(t, "room", "ann")
			tc.before(t, a)
			dead.kill()
			w.age(t, dead)
			w.forget()

			tx, err := w.pool.Begin(t.Context())
			require.NoError(t, err)
			defer tx.Rollback(context.WithoutCancel(t.Context()))
			found, err := tx.Query(t.Context(), "SELECT subject FROM events.sweep_presence($1)", silence)
			require.NoError(t, err)
			gone, err := pgx.CollectRows(found, pgx.RowTo[string])
			require.NoError(t, err)
			require.ElementsMatch(t, tc.swept, gone)

			done := make(chan struct{})
			go func() { tc.during(t.Context(), a); close(done) }()
			require.Eventually(t, func() bool { return w.waiting(t) == 1 || a.asked("PresenceReport") > 1 }, patient, pollEach)
			require.NoError(t, tx.Commit(t.Context()))
			<-done
			w.requireChanges(t, tc.want...)
			w.requireRows(t, tc.rows(a)...)
		})
	}
}
