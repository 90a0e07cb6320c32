package queue_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

func TestResultIsKept(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueueMany(30) // several of which are recorded with one statement
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		require.NoError(t, job.SetResult("first thought"))
		switch job.ID % 3 {
		case 0:
			return job.SetResult(nil)
		case 1:
			require.Error(t, job.SetResult(func() {}))
			return nil
		}
		return job.SetResult(map[string]int64{"job": job.ID})
	}))
	for _, e := range r.awaitEnd() {
		switch e.ID % 3 {
		case 0:
			require.Nil(t, e.Result)
		case 1:
			require.JSONEq(t, `"first thought"`, string(e.Result))
		default:
			var job int64
			require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT (result ->> 'job')::bigint FROM queue.job_history WHERE id = $1", e.ID).Scan(&job))
			require.Equal(t, e.ID, job)
		}
	}
}

// Trace context reaches each attempt, and stays with the job in the history.
func TestTraceContextIsPassedOn(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	seen := make(chan string, 2)
	a := r.enqueueAlone(t.Context(), queue.Params{Traceparent: trace})
	require.NoError(t, a.err)
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		seen <- job.Traceparent
		if job.Attempt == 1 {
			return context.DeadlineExceeded
		}
		return nil
	}))
	r.awaitEnd()
	require.Equal(t, trace, receive(t, seen))
	require.Equal(t, trace, receive(t, seen))
	require.Equal(t, []string{trace}, r.strings("SELECT trace FROM queue.history"))
}
