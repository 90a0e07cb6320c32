package queue_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A worker process is killed every few seconds, whichever, and replaced.
func TestChaosKilledProcesses(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, 3, crewConfig{
		Concurrency: 5, Heartbeat: 100 * time.Millisecond, DeadAfter: 1500 * time.Millisecond, Work: 200 * time.Millisecond,
	})
	ctx := f.feedFor(seconds(6, 60))
	killed := 0
	tick(ctx, time.Duration(scale(1500, 3000))*time.Millisecond, func() {
		f.kill(rand.N(len(f.processes)))
		f.launch(f.conf)
		killed++
	})
	f.finish()
	require.NotZero(t, f.deaths())
	require.NotZero(t, killed)
}

// A worker process with many jobs in flight stands still until it has been
// declared dead and others do its jobs. Then it goes on where it was.
func TestChaosStoppedProcess(t *testing.T) {
	t.Parallel()
	f := fleetOf(t, 1, crewConfig{
		Concurrency: 5, Heartbeat: 100 * time.Millisecond, DeadAfter: 1500 * time.Millisecond, Work: 100 * time.Millisecond,
	})
	many := f.conf
	many.Concurrency = 20
	many.Work = 300 * time.Millisecond
	sleeper, _ := f.launch(many)
	f.feedFor(seconds(6, 40))
	const alive = "SELECT count(*) FROM queue.worker WHERE pid = $1 AND dead_at IS NULL"
	for range scale(2, 10) {
		f.wait("it is at work", func() bool {
			return f.count(`SELECT count(*) FROM run JOIN queue.worker w ON w.id = worker
				WHERE pid = $1 AND dead_at IS NULL AND left_at IS NULL`, sleeper.Pid) > 2
		})
		require.NoError(t, sleeper.Signal(syscall.SIGSTOP))
		f.wait("it is dead", func() bool { return f.count(alive, sleeper.Pid) == 0 })
		// What it has locked in the middle of a transaction must wait.
		f.wait("others have taken its jobs", func() bool {
			return f.count(`SELECT count(*) FROM run JOIN queue.worker w ON w.id = worker
				JOIN queue.job j ON (j.id, j.worker_id) = (job, worker) WHERE pid = $1`, sleeper.Pid) <= 5
		})
		require.NoError(t, sleeper.Signal(syscall.SIGCONT))
		f.wait("it is back", func() bool { return f.count(alive, sleeper.Pid) == 1 })
	}
	f.finish()
	require.GreaterOrEqual(t, f.deaths(), scale(2, 10))
}
