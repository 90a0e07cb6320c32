package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// Go counts in the buckets that SQL reads.
func TestBucketsAgreeWithSQL(t *testing.T) {
	t.Parallel()
	r := setup(t)
	require.Equal(t, 1, queue.Bucket(-time.Second))
	require.Equal(t, 1, queue.Bucket(0))
	require.Equal(t, queue.Buckets, queue.Bucket(1000*24*time.Hour))
	for i := 1; i < queue.Buckets; i++ {
		var ms float64
		require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT queue.bucket_ms($1)", i).Scan(&ms))
		end := time.Duration(ms * float64(time.Millisecond))
		slack := end/1_000_000 + time.Nanosecond
		require.Equal(t, i, queue.Bucket(end-slack), "bucket %d", i)
		require.Equal(t, i+1, queue.Bucket(end+slack), "bucket %d", i)
	}
}

func TestStatsTellWhatHappened(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for i := range 40 {
		r.enqueue(queue.Params{Priority: int16(i%2) * 10, MaxAttempts: 2})
	}
	r.exec("UPDATE queue.job SET run_at = run_at - interval '100 s' WHERE priority = 10")
	doomed, _ := r.enqueue(queue.Params{Priority: 10})
	r.exec("UPDATE queue.job SET cancel_requested_at = now() WHERE id = $1", doomed)
	snoozed := false
	w := r.worker(work(func(_ context.Context, job *queue.Job) error {
		switch {
		case job.Priority == 0:
			time.Sleep(20 * time.Millisecond)
			return nil
		case job.Attempt == 1 && job.ID%4 == 0:
			return errors.New("boom")
		case job.ID%4 == 2 && job.ID < 10:
			return queue.Permanent(errors.New("boom"))
		case !snoozed:
			snoozed = true
			return queue.Snooze(time.Millisecond, nil)
		}
		return nil
	}), func(c *queue.WorkerConfig) { c.Concurrency = 1 })
	r.awaitEnd()
	w.Stop() // which writes the last of it
	rows, err := r.pool.Query(t.Context(), `SELECT priority, wait_p50_ms, wait_p99_ms, run_p50_ms, run_p99_ms,
		round(completed_per_s * 300)::bigint, failed::bigint, retried::bigint, snoozed::bigint, cancelled::bigint FROM queue.stats WHERE queue = $1 ORDER BY 1`, queueName)
	require.NoError(t, err)
	n := 0
	for rows.Next() {
		var priority int16
		var wait50, wait99, run50, run99 float64
		var done, failed, retried, snoozes, cancelled int64
		require.NoError(t, rows.Scan(&priority, &wait50, &wait99, &run50, &run99, &done, &failed, &retried, &snoozes, &cancelled))
		require.LessOrEqual(t, wait50, wait99)
		require.LessOrEqual(t, run50, run99)
		n++
		if priority == 0 {
			require.Equal(t, []int64{20, 0, 0, 0, 0}, []int64{done, failed, retried, snoozes, cancelled})
			require.GreaterOrEqual(t, run50, 20.0)
			continue
		}
		require.GreaterOrEqual(t, wait99, 100_000.0)
		require.Less(t, wait99, 250_000.0)
		require.Equal(t, []int64{20, 1, 1}, []int64{done + failed, snoozes, cancelled})
		require.Positive(t, failed)
		require.Positive(t, retried)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, 2, n)
}

func TestStatsCountRescues(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	r.claim(r.register(time.Hour), 1)
	w := r.worker(work(func(context.Context, *queue.Job) error { return nil }), quickToJudge)
	r.awaitEnd()
	w.Stop()
	require.Equal(t, []string{"1"}, r.strings("SELECT rescued::text FROM queue.stats WHERE queue = $1", queueName))
}
