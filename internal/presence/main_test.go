package presence_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/presence"
)

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", "8"); err != nil { // each takes a second or more
		panic(err)
	}
	pgtest.Main(m)
}

const (
	patient  = 30 * time.Second
	never    = time.Hour
	beat     = 10 * time.Millisecond
	retry    = 10 * time.Millisecond
	pollEach = 2 * time.Millisecond
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// world is a database with the replicas that share it, and what they announce.
type world struct {
	dsn  string
	pool *pgxpool.Pool

	mu      sync.Mutex
	changes []presence.Change
}

func newWorld(t testing.TB) *world {
	t.Helper()
	dsn := pgtest.DSN(t)
	return &world{dsn: dsn, pool: open(t, dsn, nil, nil)}
}

func (w *world) changed(c presence.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = append(w.changes, c)
}

func (w *world) announced() []presence.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.changes)
}

// requireChanges waits until so many changes were announced, in whatever order
// the replicas had the turn.
func (w *world) requireChanges(t testing.TB, want ...presence.Change) {
	t.Helper()
	require.Eventually(t, func() bool { return len(w.announced()) >= len(want) }, patient, pollEach, "%+v", want)
	require.ElementsMatch(t, want, w.announced())
}

// forget makes the next requireChanges speak of what comes from now on.
func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes = nil
}

// row is one of the table, by the name of its replica.
type row struct {
	Replica        uuid.UUID
	Scope, Subject string
	N              int
}

func (w *world) rows(ctx context.Context) ([]row, error) {
	found, err := w.pool.Query(ctx, "SELECT replica_id, scope, subject, n FROM events.presence")
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var rows []row
	for found.Next() {
		var r row
		if err := found.Scan(&r.Replica, &r.Scope, &r.Subject, &r.N); err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, found.Err()
}

func compareRows(a, b row) int {
	return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Subject, b.Subject), bytes.Compare(a.Replica[:], b.Replica[:]))
}

// requireRows waits for the table to say exactly this.
func (w *world) requireRows(t testing.TB, want ...row) {
	t.Helper()
	var rows []row
	for deadline := time.Now().Add(patient); ; time.Sleep(pollEach) {
		var err error
		rows, err = w.rows(t.Context())
		require.NoError(t, err)
		slices.SortFunc(rows, compareRows)
		slices.SortFunc(want, compareRows)
		if slices.Equal(rows, want) || time.Now().After(deadline) {
			break
		}
	}
	require.Equal(t, want, rows)
}

// bury makes a replica's last sign of life too old, whatever it was, and waits
// until somebody has swept it away.
func (w *world) bury(t testing.TB, r *replica) {
	t.Helper()
	w.age(t, r)
	require.Eventually(t, func() bool { return !w.registered(t, r) }, patient, pollEach)
}

func (w *world) age(t testing.TB, r *replica) {
	t.Helper()
	exec(t, w.pool, "UPDATE events.replica SET seen_at = '-infinity' WHERE id = $1", r.ID())
}

func (w *world) registered(t testing.TB, r *replica) (yes bool) {
	t.Helper()
	require.NoError(t, w.pool.QueryRow(t.Context(),
		"SELECT EXISTS (SELECT FROM events.replica WHERE id = $1)", r.ID()).Scan(&yes))
	return yes
}

// silence is longer than any machine takes for a test: only who is aged is dead.
const silence = time.Hour

// replica is a process that serves sockets, with connections of its own.
type replica struct {
	*presence.Tracker
	*wire
	*statements
}

type replicaOptions struct {
	beat    time.Duration
	silence time.Duration
	linger  time.Duration
}

func (w *world) replica(t testing.TB, o replicaOptions) *replica {
	t.Helper()
	r := w.unstarted(t, o)
	require.NoError(t, r.Start(t.Context()))
	<-r.Started()
	return r
}

func (w *world) unstarted(t testing.TB, o replicaOptions) *replica {
	t.Helper()
	r := &replica{wire: new(wire), statements: new(statements)}
	r.Tracker = presence.NewTracker(open(t, w.dsn, r.wire, r.statements), quiet(), w.changed)
	r.Hurry(orElse(o.beat, beat), orElse(o.silence, silence), orElse(o.linger, never), retry)
	t.Cleanup(r.Stop)
	return r
}

func (w *world) replicas(t testing.TB, n int) (rs []*replica) {
	t.Helper()
	for range n {
		rs = append(rs, w.replica(t, replicaOptions{}))
	}
	return rs
}

func orElse(d, other time.Duration) time.Duration {
	if d == 0 {
		return other
	}
	return d
}

// kill ends the process without a goodbye.
func (r *replica) kill() {
	r.sever()
	r.Stop()
}

func (r *replica) enter(t testing.TB, scope, subject string) {
	t.Helper()
	require.NoError(t, r.Enter(t.Context(), scope, subject, info(subject)))
}

func (r *replica) row(scope, subject string, n int) row { return row{r.ID(), scope, subject, n} }

func info(subject string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"name":%q}`, subject))
}

func came(scope, subject string, present int) presence.Change {
	return presence.Change{Scope: scope, Subject: subject, Info: info(subject), Here: true, Present: present}
}

func went(scope, subject string, present int) presence.Change {
	return presence.Change{Scope: scope, Subject: subject, Info: info(subject), Present: present}
}

// swept is someone's going that another replica has found out: it counts nobody.
func swept(scope, subject string) presence.Change { return went(scope, subject, 0) }

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}
