package queue_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// patient is a worker that declares nobody dead for what happens to connections.
var patient = crewConfig{Concurrency: 5, Heartbeat: 200 * time.Millisecond, DeadAfter: 10 * time.Second, Work: 20 * time.Millisecond}

// Every connection of the database is cut twice a second: those of the workers,
// by which they listen too, and those over which jobs are enqueued.
func TestChaosConnectionsCut(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, scale(2, 3), patient)
	killer := connect(t, f.pool.Config().ConnString())
	ctx := f.feedFor(seconds(4, 60))
	cut, listeners := 0, 0
	tick(ctx, 500*time.Millisecond, func() {
		var all, listening int
		require.NoError(t, killer.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE query ILIKE 'listen%')
			FROM (SELECT query, pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()) t`).Scan(&all, &listening))
		cut += all
		listeners += listening
	})
	f.feeding.Wait()
	f.pool.Reset()
	f.finish()
	require.NotZero(t, listeners)
	require.Zero(t, f.deaths())
	t.Logf("%d connections were cut, of which %d listened", cut, listeners)
}

// Somebody takes all connections that the server has and does nothing with them.
func TestChaosConnectionsUsedUp(t *testing.T) {
	t.Parallel()
	places := scale(80, 300)
	server := startServer(t, filepath.Join(t.TempDir(), "home"), places)
	pool := poolOf(t, server)
	f := newFleet(newRig(t, pool), 2, patient)
	f.open(4) // places for the test itself
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.feed(ctx, pool)
	const done = "SELECT count(*) FROM queue.job_history"
	f.wait("they work", func() bool { return f.count(done) > 20 })

	idle := f.useUp()
	require.Greater(t, len(idle), places/2)
	_, _ = f.launch(patient) // finds no place
	before := f.count(done)
	f.wait("they go on", func() bool { return f.count(done) > before+scale(50, 500) })
	require.Equal(t, 2, f.count("SELECT count(*) FROM queue.worker WHERE dead_at IS NULL"))
	f.give(idle)
	f.wait("the third has come", func() bool {
		return f.count("SELECT count(DISTINCT worker) FROM run WHERE left_at IS NOT NULL") == 3
	})
	cancel()
	f.finish()
	require.Zero(t, f.deaths())
}

// open makes the pool have n connections.
func (f *fleet) open(n int) {
	f.Helper()
	for range n {
		conn, err := f.pool.Acquire(f.Context())
		require.NoError(f, err)
		defer conn.Release()
	}
}

// useUp opens connections until the server takes no more, and says which.
func (f *fleet) useUp() []*pgx.Conn {
	var (
		mu   sync.Mutex
		idle []*pgx.Conn
		all  sync.WaitGroup
	)
	f.Cleanup(func() { f.give(idle) })
	for range 4 {
		all.Go(func() {
			for {
				c, err := pgx.Connect(f.Context(), f.pool.Config().ConnString())
				if err != nil {
					return
				}
				mu.Lock()
				idle = append(idle, c)
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return idle
}

// give closes connections, each of which takes a while.
func (f *fleet) give(idle []*pgx.Conn) {
	var all sync.WaitGroup
	for _, c := range idle {
		all.Go(func() { c.Close(context.WithoutCancel(f.Context())) })
	}
	all.Wait()
}
