package queue_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// starts are the times at which ended jobs began, in order.
func (r *rig) starts() []time.Time {
	r.Helper()
	rows, err := r.pool.Query(r.Context(), "SELECT started_at FROM queue.job_history ORDER BY started_at")
	require.NoError(r, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	require.NoError(r, err)
	return all
}

func TestRateLimitHoldsForAllWorkers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const limit, window, n = 10, 250 * time.Millisecond, 80
	require.NoError(t, r.client.SetDefaults(t.Context(), queueName, queue.Limits{Rate: limit, Window: window}))
	ids := r.enqueueMany(n)
	for range 3 {
		r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	}
	r.awaitEnd()
	r.requireAll(ids, completed)
	starts := r.starts()
	require.Len(t, starts, n)
	for i := limit; i < n; i++ {
		require.GreaterOrEqual(t, starts[i].Sub(starts[i-limit]), window, "start %d", i)
	}
}

func TestRateLimitCanBeLifted(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("SELECT queue.set_limits($1, rate_limit => 2, rate_window => '1 day')", queueName)
	r.startSender()
	began := make(chan int64, 5)
	r.listening(work(func(_ context.Context, job *queue.Job) error { began <- job.ID; return nil }))
	r.enqueueMany(5)
	r.client.Wake(queueName)
	receive(t, began)
	receive(t, began)
	r.eventually("both have ended", func() bool { return len(r.history()) == 2 })
	r.client.Wake(queueName)
	require.Len(t, r.live(), 3)
	r.exec("SELECT queue.set_limits($1, rate_limit => NULL)", queueName)
	for range 3 {
		receive(t, began)
	}
}

func TestMaxRunningHoldsForAllWorkers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("SELECT queue.set_limits($1, max_running => 4)", queueName)
	ids := r.enqueueMany(60)
	inside := newCrowd()
	for range 3 {
		r.worker(work(func(context.Context, *queue.Job) error { inside.enter("", 4)(); return nil }),
			func(c *queue.WorkerConfig) { c.Concurrency = 5 })
	}
	r.awaitEnd()
	r.requireAll(ids, completed)
	require.Equal(t, 4, inside.most[""])
}

// A worker ends a job, and another one, which hardly polls, may go on.
func TestMaxRunningWakesOtherWorkers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.startSender()
	r.exec("SELECT queue.set_limits($1, max_running => 1)", queueName)
	began, finish := make(chan string, 2), make(chan struct{})
	handler := func(kind string) queue.Handler {
		return queue.Handler{Kind: kind, Work: func(context.Context, *queue.Job) error {
			began <- kind
			<-finish
			return nil
		}}
	}
	r.listening(handler("first"), func(c *queue.WorkerConfig) { c.Notify = r.sender })
	r.listening(handler("second"))
	for _, kind := range []string{"first", "second"} {
		r.enqueue(queue.Params{Kind: kind})
		r.client.Wake(queueName)
		if kind == "first" {
			require.Equal(t, "first", receive(t, began))
		}
	}
	finish <- struct{}{}
	require.Equal(t, "second", receive(t, began))
	close(finish)
	r.awaitEnd()
}

func TestWorkerConcurrencyChangesAtRunTime(t *testing.T) {
	t.Parallel()
	r := setup(t)
	began, finish := make(chan int64, 20), make(chan struct{})
	w := r.worker(work(func(_ context.Context, job *queue.Job) error {
		began <- job.ID
		<-finish
		return nil
	}), func(c *queue.WorkerConfig) { c.Concurrency = 2 })
	ids := r.enqueueMany(9)
	running := func(n int) {
		t.Helper()
		for range n {
			receive(t, began)
		}
	}
	inForce := func(n int) { // as its heartbeat tells
		t.Helper()
		r.eventually("the new limit is in force", func() bool {
			var limit int
			require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT concurrency FROM queue.worker").Scan(&limit))
			return limit == n
		})
	}
	running(2)
	require.Equal(t, 2, w.Running())
	r.exec("SELECT queue.set_limits($1, worker_concurrency => 5)", queueName)
	running(3)
	inForce(5)
	require.Equal(t, 5, w.Running())
	r.exec("SELECT queue.set_limits($1, worker_concurrency => 1)", queueName)
	inForce(1)
	for range 4 {
		finish <- struct{}{}
	}
	r.eventually("four have ended", func() bool { return len(r.history()) == 4 })
	require.Empty(t, began, "there was no free place")
	finish <- struct{}{}
	running(1)
	require.Empty(t, began)
	r.exec("SELECT queue.set_limits($1, worker_concurrency => NULL)", queueName)
	running(1) // as configured
	inForce(2)
	close(finish)
	r.awaitEnd()
	r.requireAll(ids, completed)
}

// From the moment that the pause is committed no worker claims anything, and
// what runs goes on. The end of the pause wakes all.
func TestPauseAndResumeReachAllWorkersAtOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.startSender()
	began, finish := make(chan int64, 20), make(chan struct{})
	var first sync.Once
	for range 3 {
		r.listening(work(func(_ context.Context, job *queue.Job) error {
			began <- job.ID
			first.Do(func() { <-finish })
			return nil
		}), func(c *queue.WorkerConfig) { c.Concurrency = 2 })
	}
	running, _ := r.enqueue(queue.Params{})
	r.client.Wake(queueName)
	require.Equal(t, running, receive(t, began))
	state := func() string { return r.strings("SELECT state FROM queue.queues WHERE name = $1", queueName)[0] }
	require.Equal(t, "active", state())
	r.exec("SELECT queue.drain($1)", queueName)
	require.Equal(t, "draining", state())
	ids := r.enqueueMany(6)
	r.client.Wake(queueName)
	close(finish)
	r.eventually("it ends", func() bool { return state() == "paused" })
	require.Equal(t, running, r.history()[0].ID)

	beats := func() []string { return r.strings("SELECT heartbeat_at::text FROM queue.worker") }
	for range 3 { // meanwhile all workers are awake
		last := beats()
		r.client.Wake(queueName)
		r.eventually("heartbeats", func() bool {
			now := beats()
			for i := range now {
				if i >= len(last) || now[i] == last[i] {
					return false
				}
			}
			return true
		})
	}
	require.Empty(t, began)
	require.Len(t, r.live(), len(ids))
	r.exec("SELECT queue.resume($1)", queueName)
	for range ids {
		receive(t, began)
	}
	r.awaitEnd()
}

func TestDefaultLimitsAreNoMore(t *testing.T) {
	t.Parallel()
	r := setup(t)
	limits := func() string {
		return r.strings("SELECT concat_ws(' ', max_running, rate_limit, rate_window) FROM queue.queue WHERE name = $1", queueName)[0]
	}
	set := func(l queue.Limits) {
		t.Helper()
		require.NoError(t, r.client.SetDefaults(t.Context(), queueName, l))
	}
	set(queue.Limits{MaxRunning: 7, Rate: 10})
	require.Equal(t, "7 10 00:00:01", limits())
	set(queue.Limits{MaxRunning: 8, Rate: 20, Window: time.Minute})
	require.Equal(t, "7 10 00:00:01", limits())
	r.exec("SELECT queue.set_limits($1, max_running => NULL, rate_limit => 3)", queueName)
	set(queue.Limits{MaxRunning: 7, Rate: 10})
	require.Equal(t, "3 00:00:01", limits())
	require.NoError(t, r.client.SetDefaults(t.Context(), "other", queue.Limits{}))
	require.Equal(t, []string{"t"}, r.strings("SELECT (max_running IS NULL AND rate_limit IS NULL)::text::char FROM queue.queue WHERE name = 'other'"))
}
