package queue_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queue"
)

func (r *rig) workers() (n int) {
	r.Helper()
	require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT count(*) FROM queue.worker WHERE dead_at IS NULL").Scan(&n))
	return n
}

func TestStopLetsJobsFinishAndTakesNoMore(t *testing.T) {
	t.Parallel()
	const soft = 200 * time.Millisecond
	r := setup(t)
	began, ended := make(chan int64, 10), make(chan time.Time, 10)
	w := r.worker(work(func(ctx context.Context, job *queue.Job) error {
		began <- job.ID
		<-ctx.Done()
		ended <- time.Now()
		return nil // just in time
	}), func(c *queue.WorkerConfig) { c.Concurrency, c.SoftStop = 2, soft })
	ids := r.enqueueMany(4)
	done := []int64{receive(t, began), receive(t, began)}
	start := time.Now()
	w.Stop()
	w.Stop() // again
	require.ElementsMatch(t, ids[:2], done)
	require.GreaterOrEqual(t, receive(t, ended).Sub(start), soft)
	require.Empty(t, began)
	var left []int64
	for _, j := range r.live() {
		require.Equal(t, "waiting", j.State)
		require.Zero(t, j.Attempt)
		left = append(left, j.ID)
	}
	require.Equal(t, ids[2:], left)
	require.Len(t, r.history(), 2)
	require.Zero(t, r.workers(), "it has signed off")
	require.Zero(t, w.Running())
}

func TestStopGivesUnfinishedJobsBackUnharmed(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(3)
	h, began, causes := blocking()
	w := r.worker(h, func(c *queue.WorkerConfig) { c.SoftStop = time.Millisecond })
	for range ids {
		receive(t, began)
	}
	w.Stop()
	for range ids {
		require.ErrorIs(t, receive(t, causes), queue.ErrStopping)
	}
	for _, j := range r.live() {
		require.Equal(t, "waiting", j.State)
		require.Zero(t, j.Attempt)
	}
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		require.Equal(t, 1, job.Attempt)
		return nil
	}))
	for _, e := range r.awaitEnd() {
		require.Empty(t, e.Errors)
	}
	r.requireAll(ids, completed)
}

// A handler that does not listen is waited for, and nobody takes its job.
func TestStopWaitsForAHandlerThatIgnoresIt(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	began, cancelled, finish := make(chan struct{}), make(chan struct{}), make(chan struct{})
	deaf := r.worker(work(func(ctx context.Context, _ *queue.Job) error {
		close(began)
		<-ctx.Done()
		close(cancelled)
		<-finish
		return nil
	}), quickToJudge, func(c *queue.WorkerConfig) { c.SoftStop = time.Millisecond })
	receive(t, began)
	stopped := make(chan struct{})
	go func() { defer close(stopped); deaf.Stop() }()
	receive(t, cancelled)
	r.worker(work(func(context.Context, *queue.Job) error { return errors.New("taken over") }), quickToJudge)
	at := func() (at time.Time) {
		require.NoError(t, r.pool.QueryRow(t.Context(),
			"SELECT heartbeat_at FROM queue.worker WHERE id = (SELECT worker_id FROM queue.job)").Scan(&at))
		return at
	}
	start := at()
	r.eventually("longer than the dead are silent", func() bool { return at().Sub(start) > 3*time.Second })
	close(finish)
	receive(t, stopped)
	r.awaitEnd()
	r.requireAll([]int64{id}, completed)
	require.Empty(t, r.history()[0].Errors)
}

func TestStopWithoutADatabase(t *testing.T) {
	t.Parallel()
	conf, err := pgxpool.ParseConfig("host=/nonexistent user=nobody")
	require.NoError(t, err)
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	r := newRig(t, pool)
	w := r.newWorker(work(func(context.Context, *queue.Job) error { return nil }))
	require.NoError(t, w.Start(t.Context()))
	start := time.Now()
	w.Stop()
	require.Less(t, time.Since(start), 5*time.Second)
	select {
	case <-w.Started():
		t.Error("it says that it does its job")
	default:
	}
}

// The database goes away for good while a job runs, and then the worker is told
// to stop.
func TestStopAfterTheDatabaseHasGone(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	pool, err := pgxpool.New(t.Context(), server.DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	r := newRig(t, pool)
	began, finish := make(chan struct{}), make(chan struct{})
	w := r.worker(work(func(context.Context, *queue.Job) error {
		close(began)
		<-finish
		return nil
	}))
	r.enqueue(queue.Params{})
	receive(t, began)
	server.Stop()
	close(finish)
	start := time.Now()
	w.Stop()
	require.Less(t, time.Since(start), 15*time.Second)
}

func TestWorkerRunsNoMoreAtOnceThanItMay(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(40)
	var now, most atomic.Int64
	full := make(chan struct{})
	r.worker(work(func(context.Context, *queue.Job) error {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		if n == 4 {
			select {
			case <-full:
			default:
				close(full)
			}
		}
		<-full // nobody returns before all slots have been in use
		return nil
	}), func(c *queue.WorkerConfig) { c.Concurrency = 4 })
	r.awaitEnd()
	require.EqualValues(t, 4, most.Load())
	r.requireAll(ids, completed)
}

func TestWakeEndsTheWait(t *testing.T) {
	t.Parallel()
	r := setup(t)
	began := make(chan struct{}, 1)
	w := r.worker(work(func(context.Context, *queue.Job) error { began <- struct{}{}; return nil }),
		func(c *queue.WorkerConfig) { c.Poll = time.Hour })
	for range 20 {
		r.enqueue(queue.Params{})
		w.Wake()
		receive(t, began)
	}
}

func TestWorkerConfigIsChecked(t *testing.T) {
	t.Parallel()
	r := setup(t)
	fine := work(func(context.Context, *queue.Job) error { return nil })
	for name, c := range map[string]queue.WorkerConfig{
		"no pool":         {Queue: queueName, Handlers: []queue.Handler{fine}},
		"no queue":        {Pool: r.pool, Handlers: []queue.Handler{fine}},
		"no handler":      {Pool: r.pool, Queue: queueName},
		"no kind":         {Pool: r.pool, Queue: queueName, Handlers: []queue.Handler{{Work: fine.Work}}},
		"no work":         {Pool: r.pool, Queue: queueName, Handlers: []queue.Handler{{Kind: kind}}},
		"kind twice":      {Pool: r.pool, Queue: queueName, Handlers: []queue.Handler{fine, fine}},
		"negative":        {Pool: r.pool, Queue: queueName, Handlers: []queue.Handler{fine}, Concurrency: -1},
		"hasty judgement": {Pool: r.pool, Queue: queueName, Handlers: []queue.Handler{fine}, DeadAfter: 5 * time.Second},
	} {
		_, err := queue.NewWorker(c)
		require.Error(t, err, name)
	}
}
