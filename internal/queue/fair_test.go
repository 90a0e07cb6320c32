package queue_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// runOrder runs old jobs of low priority and many urgent ones, one at a time,
// and returns the turns at which the old ones had theirs.
func (r *rig) runOrder(every, old, urgent int) (turns []int) {
	r.Helper()
	r.exec("SELECT queue.set_limits($1, fair_every => $2)", queueName, every)
	r.exec("INSERT INTO queue.lane (queue, priority, mark) VALUES ($1, 1, 0), ($1, 20, 0)", queueName) // the worker knows both from the start
	first := int64(0)
	for i := range old + urgent {
		p := queue.Params{Priority: 1}
		if i < old {
			p.Priority = 20
		}
		id, _ := r.enqueue(p)
		if i == old {
			first = id
		}
	}
	order := make(chan int64, old+urgent)
	r.worker(work(func(_ context.Context, job *queue.Job) error { order <- job.ID; return nil }),
		func(c *queue.WorkerConfig) { c.Concurrency = 1 })
	last := int64(0)
	for turn := 1; turn <= old+urgent; turn++ {
		if id := receive(r, order); id < first {
			require.Greater(r, id, last, "the oldest first")
			last = id
			turns = append(turns, turn)
		}
	}
	return turns
}

func TestOneInSoManyClaimsIsTheOneThatHasWaitedLongest(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{5, 10, 15, 20, 25, 30}, setup(t).runOrder(5, 6, 40))
}

func TestPrioritiesAreStrictWithoutAShare(t *testing.T) {
	t.Parallel()
	require.Equal(t, []int{21, 22, 23, 24}, setup(t).runOrder(0, 4, 20))
}

// What claims at once takes the same share.
func TestBatchOfClaimsHasTheShareToo(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("SELECT queue.set_limits($1, fair_every => 4)", queueName)
	old := r.enqueueMany(10)
	for range 30 {
		r.enqueue(queue.Params{Priority: 1})
	}
	r.exec("UPDATE queue.job SET priority = 20 WHERE id = ANY ($1)", old)
	arg := claimParams(r.register(0), 10)
	arg.Priorities, arg.Marks = []int16{1, 20}, []int64{0, 0}
	var got []int64
	for range 2 {
		rows, err := r.q.QueueClaim(t.Context(), r.pool, arg)
		require.NoError(t, err)
		require.Len(t, rows, 10)
		for _, j := range rows {
			if j.Priority == 20 {
				got = append(got, j.ID)
			}
		}
		arg.ClaimedBefore += 10
	}
	require.ElementsMatch(t, old[:5], got)
}
