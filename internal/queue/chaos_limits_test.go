package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// limits are in force for a while, by the database's clock.
type limits struct {
	sql        string // that puts them in force
	maxRunning int    // 0: any
	rate       int    // in any time of length window
	window     time.Duration
	paused     bool
	from, to   time.Time
}

// Limits change while the fleet works.
func TestChaosLimitsChange(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, 3, crewConfig{Concurrency: 8, Heartbeat: 200 * time.Millisecond, DeadAfter: 10 * time.Second, Work: 100 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.feed(ctx, f.pool)
	phases := []limits{
		{sql: "queue.set_limits('q', max_running => 6)", maxRunning: 6},
		{sql: "queue.set_limits('q', max_running => 2, rate_limit => 8, rate_window => '400 ms')", maxRunning: 2, rate: 8, window: 400 * time.Millisecond},
		{sql: "queue.pause('q')", paused: true},
		{sql: "queue.set_limits('q', max_running => NULL, rate_limit => 4)", paused: true},
		{sql: "queue.resume('q')", rate: 4, window: 400 * time.Millisecond},
		{sql: "queue.set_limits('q', max_running => 12, rate_limit => 30, rate_window => '1 s')", maxRunning: 12, rate: 30, window: time.Second},
		{sql: "queue.set_limits('q', max_running => 1, rate_limit => NULL)", maxRunning: 1},
	}
	var past []limits
	for range scale(1, 4) {
		for _, l := range phases {
			past = append(past, f.live(l))
		}
	}
	f.exec("SELECT queue.set_limits('q', max_running => NULL)")
	cancel()
	f.finish()
	for _, l := range past {
		f.requireKept(l)
	}
}

// live puts limits in force and lets the fleet work under them.
func (f *fleet) live(l limits) limits {
	f.Helper()
	f.exec("SELECT " + l.sql)
	set := f.now()
	f.wait("who began under the old limits has ended", func() bool {
		return f.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start < $1 AND pid <> pg_backend_pid()`, set) == 0
	})
	l.from = f.now()
	if l.paused {
		time.Sleep(500 * time.Millisecond)
	} else {
		f.wait("they go on", func() bool {
			return f.count("SELECT count(*) FROM run WHERE claimed_at > $1", l.from) > scale(8, 60)
		})
	}
	l.to = f.now()
	return l
}

func (f *fleet) now() (at time.Time) {
	f.Helper()
	require.NoError(f, f.pool.QueryRow(f.Context(), "SELECT clock_timestamp()").Scan(&at))
	return at
}

// requireKept says that limits were kept while they were in force.
func (f *fleet) requireKept(l limits) {
	f.Helper()
	const within = " BETWEEN $1 AND $2 "
	if l.paused {
		f.requireNone("claims during a pause", "SELECT job, seq FROM run WHERE claimed_at"+within, l.from, l.to)
	}
	if l.maxRunning != 0 {
		f.requireNone("beyond max_running: "+l.sql, `SELECT a.job, count(*) FROM run a JOIN run b ON b.claimed_at <= a.claimed_at AND b.left_at > a.claimed_at
			WHERE a.claimed_at`+within+`GROUP BY a.job, a.token HAVING count(*) > $3`, l.from, l.to, l.maxRunning)
	}
	if l.rate != 0 {
		f.requireNone("beyond the rate: "+l.sql, `SELECT a.job, count(*) FROM run a
			JOIN run b ON b.claimed_at <= a.claimed_at AND b.claimed_at > a.claimed_at - $4::interval AND b.claimed_at >= $1
			WHERE a.claimed_at`+within+`GROUP BY a.job, a.token HAVING count(*) > $3`, l.from, l.to, l.rate, l.window)
	}
}

// Claims of a queue with limits wait for each other. Meanwhile the limits may
// change, or somebody pauses the queue.
func TestClaimThatWaitedKnowsWhatHasChanged(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]int{
		"queue.set_limits('q', max_running => 1)":    1,
		"queue.set_limits('q', max_running => NULL)": 5,
		"queue.pause('q')":                           0,
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueueMany(6)
			worker := r.register(0)
			r.exec("SELECT queue.set_limits('q', max_running => 2)")
			other, err := r.pool.Begin(t.Context())
			require.NoError(t, err)
			_, err = other.Exec(t.Context(), "SELECT pg_advisory_xact_lock(7361, hashtext('q'))")
			require.NoError(t, err)
			_, err = other.Exec(t.Context(), "SELECT "+change)
			require.NoError(t, err)
			r.concurrently(other, func(conn *pgx.Conn) {
				rows, err := r.q.QueueClaim(t.Context(), conn, claimParams(worker, 5))
				if err != nil {
					t.Error(err)
				}
				if len(rows) != want {
					t.Errorf("%d jobs instead of %d", len(rows), want)
				}
			})
		})
	}
}
