package queue_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

const strange = "strange"

// strangers are jobs, the first in line for a while, whose kind no worker knows.
func (r *rig) strangers(n int) {
	r.Helper()
	r.exec(`INSERT INTO queue.job (queue, kind, priority, run_at, by_hand)
		SELECT $1, $2, 0, now() - interval '1 minute', false FROM generate_series(1, $3::integer)`, queueName, strange, n)
}

func (r *rig) count(state string) (n int) {
	r.Helper()
	require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT count(*) FROM queue.job WHERE state::text = $1", state).Scan(&n))
	return n
}

func TestJobsOfUnknownKindsStandInNobodysWay(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const n = 2500 // more than are parked at once
	r.strangers(n)
	w := r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	ids := r.enqueueMany(20)
	r.eventually("what is known runs", func() bool { return len(r.history()) == len(ids) })
	r.eventually("what is not is aside", func() bool { return r.count("parked") == n })
	more, _ := r.enqueue(queue.Params{})
	w.Wake()
	r.eventually("still", func() bool { return len(r.history()) == len(ids)+1 })
	require.Equal(t, more, r.history()[len(ids)].ID)

	// Until somebody comes who knows them.
	r.worker(queue.Handler{Kind: strange, Work: func(context.Context, *queue.Job) error { return nil }},
		func(c *queue.WorkerConfig) { c.Concurrency = 100 })
	require.Len(t, r.awaitEnd(), n+len(ids)+1)
}

// Somebody who knows the kind is alive, and busy.
func TestJobsOfAKnownKindAreNotParked(t *testing.T) {
	t.Parallel()
	r := setup(t)
	other, began, _ := blocking()
	other.Kind = strange
	r.worker(other, impatient, func(c *queue.WorkerConfig) { c.Concurrency = 1 })
	r.strangers(3)
	receive(t, began)
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	for range 3 { // the second worker's chores have been at it
		id, _ := r.enqueue(queue.Params{})
		r.eventually("another one runs", func() bool {
			return len(r.strings("SELECT 't' FROM queue.job_history WHERE id = $1", id)) == 1
		})
	}
	require.Equal(t, 2, r.count("waiting"))
	require.Zero(t, r.count("parked"))
}

// A parked job holds no place: it may never run.
func TestParkedJobGivesItsPlaceAway(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.strangers(1)
	r.exec("UPDATE queue.job SET concurrency_key = 'u', concurrency_limit = 1")
	id, _ := r.enqueue(queue.Params{ConcurrencyKey: "u"})
	require.Equal(t, 1, r.count("blocked"))
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	r.eventually("the other goes on", func() bool { return len(r.history()) == 1 })
	require.Equal(t, id, r.history()[0].ID)
	require.Equal(t, "parked", r.only().State)
}
