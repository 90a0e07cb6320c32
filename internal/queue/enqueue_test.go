package queue_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

func TestEnqueueLeavesNothingBehindARollback(t *testing.T) {
	t.Parallel()
	r := setup(t)
	boom := errors.New("boom")
	err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		_, inserted, err := r.client.EnqueueTx(t.Context(), tx, queue.Params{Queue: queueName, Kind: kind, Key: "a"})
		require.NoError(t, err)
		require.True(t, inserted)
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.Empty(t, r.live())
}

func TestEnqueueKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	r := setup(t)
	got := make(chan queue.Job, 1)
	id, _ := r.enqueue(queue.Params{
		Key: "a", Priority: 7, MaxAttempts: 2, Traceparent: "00-11-22-01", Payload: map[string]string{"song": "ñandú"},
	})
	r.worker(work(func(_ context.Context, job *queue.Job) error { got <- *job; return nil }))
	job := receive(t, got)
	require.Equal(t, id, job.ID)
	require.Equal(t, "a", job.Key)
	require.Equal(t, kind, job.Kind)
	require.Equal(t, 7, job.Priority)
	require.Equal(t, 1, job.Attempt)
	require.Equal(t, 2, job.MaxAttempts)
	require.Equal(t, "00-11-22-01", job.Traceparent)
	require.JSONEq(t, `{"song": "ñandú"}`, string(job.Payload))
	require.Nil(t, job.Checkpoint)
	require.WithinDuration(t, time.Now(), job.CreatedAt, time.Minute)
}

func TestEnqueueDefaults(t *testing.T) {
	t.Parallel()
	r := setup(t)
	got := make(chan queue.Job, 1)
	r.enqueue(queue.Params{})
	r.worker(work(func(_ context.Context, job *queue.Job) error { got <- *job; return nil }))
	job := receive(t, got)
	require.Equal(t, 3, job.MaxAttempts)
	require.JSONEq(t, `{}`, string(job.Payload))
	require.Empty(t, job.Key)
	require.Empty(t, job.Traceparent)
}

func TestEnqueueFindsTheLiveJobWithItsKey(t *testing.T) {
	t.Parallel()
	r := setup(t)
	first, inserted := r.enqueue(queue.Params{Key: "a"})
	require.True(t, inserted)
	again, inserted := r.enqueue(queue.Params{Key: "a"})
	require.False(t, inserted)
	require.Equal(t, first, again)
	other, inserted := r.enqueue(queue.Params{Key: "b"})
	require.True(t, inserted)
	require.NotEqual(t, first, other)

	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	r.awaitEnd()
	fresh, inserted := r.enqueue(queue.Params{Key: "a"})
	require.True(t, inserted, "a key is free again once its job has ended")
	require.NotEqual(t, first, fresh)
}

// Each round ends the job under the feet of those who enqueue it.
func TestEnqueueOfOneKeyAtOnceMakesOneJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	made := make(map[int64]int)
	for range 20 {
		type answer struct {
			id       int64
			inserted bool
			err      error
		}
		answers := make(chan answer, 8)
		var all sync.WaitGroup
		for range cap(answers) {
			all.Go(func() {
				var a answer
				a.err = pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) (err error) {
					a.id, a.inserted, err = r.client.EnqueueTx(t.Context(), tx, queue.Params{Queue: queueName, Kind: kind, Key: "a"})
					return err
				})
				answers <- a
			})
		}
		all.Wait()
		close(answers)
		found := make(map[int64]bool)
		for a := range answers {
			require.NoError(t, a.err)
			found[a.id] = true
			if a.inserted {
				made[a.id]++
			}
		}
		for id := range found {
			require.Equal(t, 1, made[id], "job %d was found, so somebody made it", id)
		}
	}
	r.awaitEnd()
	ids := slices.Collect(maps.Keys(made))
	r.requireAll(ids, completed)
}

func TestEnqueueRefusesWhatCannotBeStored(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for name, p := range map[string]queue.Params{
		"payload":  {Payload: func() {}},
		"priority": {Priority: -1},
		"attempts": {MaxAttempts: -1},
		"NUL":      {Payload: "\x00"},
	} {
		p.Queue, p.Kind = queueName, kind
		err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
			_, _, err := r.client.EnqueueTx(t.Context(), tx, p)
			return err
		})
		require.Error(t, err, name)
	}
	require.Empty(t, r.live())
}

func TestClaimTakesTheMostUrgentAndThenTheOldest(t *testing.T) {
	t.Parallel()
	r := setup(t)
	var want []int64
	for _, priority := range []int16{20, 5, 20, 1, 5} {
		id, _ := r.enqueue(queue.Params{Priority: priority})
		want = append(want, id)
	}
	want = []int64{want[3], want[1], want[4], want[0], want[2]}
	var got []int64
	for range want {
		got = append(got, r.claim(r.register(0), 1)...)
	}
	require.Equal(t, want, got)
}

func TestClaimTakesOnlyItsQueueAndKinds(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Kind: "unknown"})
	mine, _ := r.enqueue(queue.Params{})
	require.NoError(t, pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		_, _, err := r.client.EnqueueTx(t.Context(), tx, queue.Params{Queue: "other", Kind: kind})
		return err
	}))
	require.Equal(t, []int64{mine}, r.claim(r.register(0), 10))
}

// Claims of open transactions hide their jobs from others, who do not wait.
func TestClaimSkipsWhatOthersAreTaking(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(5)
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	rows, err := r.q.QueueClaim(t.Context(), tx, claimParams(r.register(0), 3))
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.ElementsMatch(t, ids[3:], r.claim(r.register(0), 5))
	require.NoError(t, tx.Rollback(t.Context()))
	require.ElementsMatch(t, ids[:3], r.claim(r.register(0), 5))
}

func claimParams(worker uuid.UUID, n int32) queries.QueueClaimParams {
	return queries.QueueClaimParams{WorkerID: worker, Queue: queueName, Kinds: []string{kind}, MaxJobs: n, Priorities: []int16{}, Marks: []int64{}}
}

// claim takes jobs for a worker that exists in the test only.
func (r *rig) claim(worker uuid.UUID, n int32) (ids []int64) {
	r.Helper()
	rows, err := r.q.QueueClaim(r.Context(), r.pool, claimParams(worker, n))
	require.NoError(r, err)
	for _, j := range rows {
		ids = append(ids, j.ID)
	}
	return ids
}
