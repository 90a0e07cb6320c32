package queue_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/notify"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/queue"
)

func benchPool(b *testing.B, size int32) *pgxpool.Pool {
	b.Helper()
	conf, err := pgxpool.ParseConfig(pgtest.DSN(b))
	require.NoError(b, err)
	conf.MaxConns = size
	pool, err := pgxpool.NewWithConfig(b.Context(), conf)
	require.NoError(b, err)
	b.Cleanup(pool.Close)
	return pool
}

func benchWorker(b *testing.B, pool *pgxpool.Pool, concurrency int, f func(*queue.Job)) *queue.Worker {
	b.Helper()
	w, err := queue.NewWorker(queue.WorkerConfig{
		Pool: pool, Queue: queueName, Concurrency: concurrency,
		Handlers: []queue.Handler{work(func(_ context.Context, job *queue.Job) error { f(job); return nil })},
	})
	require.NoError(b, err)
	return w
}

// BenchmarkDrain runs jobs that do nothing, of which all wait at the start, in
// one worker, until all are in the history.
func BenchmarkDrain(b *testing.B) {
	pool := benchPool(b, 10)
	_, err := pool.Exec(b.Context(), "INSERT INTO queue.job (queue, kind) SELECT 'q', 'k' FROM generate_series(1, $1::int)", b.N)
	require.NoError(b, err)
	var left sync.WaitGroup
	left.Add(b.N)
	w := benchWorker(b, pool, 500, func(*queue.Job) { left.Done() })
	b.ResetTimer()
	require.NoError(b, w.Start(b.Context()))
	left.Wait()
	w.Stop()
	b.StopTimer()
	var done int
	require.NoError(b, pool.QueryRow(b.Context(), "SELECT count(*) FROM queue.job_history").Scan(&done))
	require.Equal(b, b.N, done)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkEnqueue adds jobs one by one, each in a transaction of its own, from
// 16 clients.
func BenchmarkEnqueue(b *testing.B) {
	const clients = 16
	pool := benchPool(b, clients)
	client := queue.NewClient(pool, notify.NewSender("", nil))
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range clients {
		all.Go(func() {
			for range (b.N + i) / clients {
				err := pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
					_, _, err := client.EnqueueTx(b.Context(), tx, queue.Params{Queue: queueName, Kind: kind})
					return err
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkEnqueueShared adds jobs one by one from 16 clients that share
// statements and commits, and wake workers.
func BenchmarkEnqueueShared(b *testing.B) {
	const clients = 16
	pool := benchPool(b, clients)
	sender := notify.NewSender(pool.Config().ConnString(), nil)
	require.NoError(b, sender.Start(b.Context()))
	b.Cleanup(sender.Stop)
	client := queue.NewClient(pool, sender)
	var all sync.WaitGroup
	b.ResetTimer()
	for i := range clients {
		all.Go(func() {
			for range (b.N + i) / clients {
				if _, _, err := client.Enqueue(b.Context(), queue.Params{Queue: queueName, Kind: kind}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
}

// BenchmarkPickUp measures from the commit of a job on an idle queue to the
// call of its handler, over NOTIFY.
func BenchmarkPickUp(b *testing.B) {
	pool := benchPool(b, 10)
	dsn := pool.Config().ConnString()
	began := make(chan time.Time, 1)
	w := benchWorker(b, pool, 5, func(*queue.Job) { began <- time.Now() })
	sender, listener := notify.NewSender(dsn, nil), notify.NewListener(dsn, nil)
	w.Listen(listener)
	for _, s := range []interface {
		Start(context.Context) error
		Started() <-chan struct{}
		Stop()
	}{sender, listener, w} {
		require.NoError(b, s.Start(b.Context()))
		b.Cleanup(s.Stop)
		<-s.Started()
	}
	client := queue.NewClient(pool, sender)
	took := make([]time.Duration, 0, b.N)
	for b.Loop() {
		require.NoError(b, pgx.BeginFunc(b.Context(), pool, func(tx pgx.Tx) error {
			_, _, err := client.EnqueueTx(b.Context(), tx, queue.Params{Queue: queueName, Kind: kind})
			return err
		}))
		committed := time.Now()
		client.Wake(queueName)
		took = append(took, (<-began).Sub(committed))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
