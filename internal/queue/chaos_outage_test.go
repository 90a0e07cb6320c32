package queue_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/embedded"
)

// Postgres is stopped, for longer than a worker may be silent, and started again.
// Nobody could send a heartbeat meanwhile, which makes nobody dead.
func TestChaosPostgresStopped(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	server := startServer(t, home, 100)
	pool := poolOf(t, server)
	deadAfter := time.Duration(scale(2000, 15_000)) * time.Millisecond
	f := newFleet(newRig(t, pool), 2, crewConfig{
		Concurrency: 5, Heartbeat: deadAfter / 25, DeadAfter: deadAfter, Work: 100 * time.Millisecond,
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.feed(ctx, pool)
	const done = "SELECT count(*) FROM queue.job_history"
	f.wait("they work", func() bool { return f.count(done) > 10 })

	server.Stop()
	time.Sleep(seconds(3, 30))
	startServer(t, home, 100)
	back := time.Now()
	pool.Reset()
	before := f.count(done)
	f.wait("they go on", func() bool { return f.count(done) > before+10 })
	t.Logf("they went on %v after the start of Postgres", time.Since(back))
	time.Sleep(time.Until(back.Add(deadAfter * 5 / 4))) // when they judge again
	cancel()
	f.finish()
	require.Zero(t, f.deaths())
	require.Equal(t, 2, f.count("SELECT count(*) FROM queue.worker"), "each under its first name")
}

// startServer starts a server of the test's own at home, with a migrated database.
func startServer(t *testing.T, home string, connections int) *embedded.Server {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	s, err := embedded.Start(t.Context(), embedded.Options{Home: home, Logger: log, Settings: map[string]string{
		"fsync": "off", "full_page_writes": "off", "dynamic_shared_memory_type": "mmap", "max_connections": strconv.Itoa(connections),
	}})
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	require.NoError(t, postgres.Migrate(t.Context(), s.DSN(), log))
	return s
}

func poolOf(t *testing.T, s *embedded.Server) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), s.DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}
