package queue_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// requireOnTime says that no attempt of an ended job began before its time.
func (r *rig) requireOnTime() {
	r.Helper()
	require.Empty(r, r.strings("SELECT id::text FROM queue.job_history WHERE started_at < run_at"))
}

// The worker looks rarely, and yet in time.
func TestDelayedJobStartsSoonAfterItsTime(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]func() queue.Params{
		"delay":  func() queue.Params { return queue.Params{Delay: 300 * time.Millisecond} },
		"run at": func() queue.Params { return queue.Params{RunAt: time.Now().Add(300 * time.Millisecond)} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueue(queue.Params{Delay: time.Hour})
			p := params()
			id, _ := r.enqueue(p)
			began := make(chan int64, 2)
			r.worker(work(func(_ context.Context, job *queue.Job) error { began <- job.ID; return nil }), rarely)
			require.Equal(t, id, receive(t, began))
			r.eventually("it ends", func() bool { return len(r.history()) == 1 })
			r.requireOnTime()
			require.Equal(t, "scheduled", r.only().State)
		})
	}
}

// The worker is idle, and is told that there is a time to wait for: of a job that is
// enqueued alone, and of one in the caller's transaction.
func TestIdleWorkerIsToldOfADelayedJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.startSender()
	began := make(chan int64, 2)
	r.listening(work(func(_ context.Context, job *queue.Job) error { began <- job.ID; return nil }))
	first, _, err := r.client.Enqueue(t.Context(), queue.Params{Queue: queueName, Kind: kind, Delay: 300 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, first, receive(t, began))
	second, _ := r.enqueue(queue.Params{Delay: 300 * time.Millisecond})
	r.client.Wake(queueName)
	require.Equal(t, second, receive(t, began))
	r.awaitEnd()
	r.requireOnTime()
}

func TestJobWhoseTimeHasPassedIsReadyAtOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{RunAt: time.Now().Add(-time.Hour), Delay: time.Hour})
	require.Equal(t, "waiting", r.only().State)
}

func TestRunAtIsKept(t *testing.T) {
	t.Parallel()
	r := setup(t)
	at := time.Now().Add(time.Hour).Truncate(time.Microsecond)
	r.enqueue(queue.Params{RunAt: at})
	require.Equal(t, "scheduled", r.only().State)
	var stored time.Time
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT run_at FROM queue.job").Scan(&stored))
	require.True(t, at.Equal(stored), "%s is not %s", stored, at)
}

// What is put off by the worker itself comes in time too, however rarely it
// looks.
func TestJobThatWasPutOffStartsSoonAfterItsTime(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"retry":  errors.New("not yet"),
		"snooze": queue.Snooze(200*time.Millisecond, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			runs := make(chan time.Time, 2)
			h := work(func(context.Context, *queue.Job) error {
				runs <- time.Now()
				if len(runs) == 2 {
					return nil
				}
				return answer
			})
			h.Backoff = func(int) time.Duration { return 200 * time.Millisecond }
			r.enqueue(queue.Params{})
			r.worker(h, rarely)
			r.awaitEnd()
			first, second := receive(t, runs), receive(t, runs)
			require.GreaterOrEqual(t, second.Sub(first), 200*time.Millisecond)
			r.requireOnTime()
		})
	}
}

// Jobs become ready in the order of their times.
func TestDelayedJobsStartInOrderOfTheirTimes(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for _, key := range []string{"c", "a", "b"} {
		r.enqueue(queue.Params{Key: key, Delay: time.Hour})
	}
	r.exec("UPDATE queue.job SET run_at = now() - (CASE key WHEN 'a' THEN 3 WHEN 'b' THEN 2 ELSE 1 END) * interval '100 ms'")
	require.EqualValues(t, 3, r.promote())
	require.Equal(t, []string{"a", "b", "c"}, r.strings("SELECT key FROM queue.waiting ORDER BY position"))
}
