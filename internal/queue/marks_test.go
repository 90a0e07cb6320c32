package queue_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

func (r *rig) horizon(closely bool) queries.QueueHorizonRow {
	r.Helper()
	h, err := r.q.QueueHorizon(r.Context(), r.pool, closely)
	require.NoError(r, err)
	return h
}

// begin opens a transaction, which is rolled back at the end of the test.
func (r *rig) begin() pgx.Tx {
	r.Helper()
	tx, err := r.pool.Begin(r.Context())
	require.NoError(r, err)
	r.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(r.Context())) })
	return tx
}

func (r *rig) enqueueIn(tx pgx.Tx, p queue.Params) (id int64) {
	r.Helper()
	p.Queue, p.Kind = queueName, kind
	id, _, err := r.client.EnqueueTx(r.Context(), tx, p)
	require.NoError(r, err)
	return id
}

func end(t *testing.T, tx pgx.Tx, commit bool) {
	t.Helper()
	if commit {
		require.NoError(t, tx.Commit(t.Context()))
		return
	}
	require.NoError(t, tx.Rollback(t.Context()))
}

// The xmax of a snapshot is not the xid to be assigned next: with one running
// transaction and nothing after it, xmax is the xid of that one.
func TestHorizonWaitsForTheOnlyWriter(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]bool{"commit": true, "rollback": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			for _, closely := range []bool{false, true} {
				tx := r.begin()
				r.enqueueIn(tx, queue.Params{})
				h := r.horizon(closely)
				require.Less(t, h.OldestWriter, h.NextXid, "its place is not settled (closely: %t)", closely)
				end(t, tx, commit)
				r.eventually("all of then have ended, also in other databases", func() bool {
					return r.horizon(closely).OldestWriter >= h.NextXid
				})
			}
		})
	}
}

// A place that was drawn in a savepoint has an xid of its own.
func TestHorizonWaitsForASavepoint(t *testing.T) {
	t.Parallel()
	r := setup(t)
	tx := r.begin()
	inner, err := tx.Begin(t.Context())
	require.NoError(t, err)
	r.enqueueIn(inner, queue.Params{})
	require.NoError(t, inner.Commit(t.Context()))
	for _, closely := range []bool{false, true} {
		h := r.horizon(closely)
		require.Less(t, h.OldestWriter, h.NextXid, "closely: %t", closely)
	}
}

// Somebody forgot a transaction, which has written something else.
func TestHorizonThatLooksCloselyPassesWhoHasNothingToDoWithJobs(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("CREATE TABLE other (n integer)")
	forgotten := r.begin()
	_, err := forgotten.Exec(t.Context(), "INSERT INTO other VALUES (1)")
	require.NoError(t, err)
	_, err = forgotten.Exec(t.Context(), "SELECT count(*) FROM queue.job")
	require.NoError(t, err)
	before := r.horizon(false)
	r.enqueue(queue.Params{})
	require.Less(t, r.horizon(false).OldestWriter, before.NextXid, "it holds up whoever only glances")
	require.GreaterOrEqual(t, r.horizon(true).OldestWriter, before.NextXid)

	r.enqueueIn(forgotten, queue.Params{}) // with an old xid, and a new place
	later := r.horizon(true)
	require.Less(t, later.OldestWriter, later.NextXid)
	require.Less(t, later.OldestWriter, before.NextXid)
}

// Transactions that begin while the horizon is looked for are none of its
// business: there is always one.
func TestHorizonThatLooksCloselyPassesNewcomers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	_, err := r.begin().Exec(t.Context(), "SELECT pg_current_xact_id()") // so that there is reason to look
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := r.client.Enqueue(t.Context(), queue.Params{Queue: queueName, Kind: kind}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for range 300 {
		h := r.horizon(true)
		require.Positive(t, h.OldestWriter)
		require.LessOrEqual(t, h.OldestWriter, h.NextXid)
	}
	stop()
	all.Wait()
}

// Marks move past what is settled and no further, while somebody holds up the
// horizon of the whole database.
func TestMarksMoveUpToTheOldestWriter(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("CREATE TABLE other (n integer)")
	forgotten := r.begin()
	_, err := forgotten.Exec(t.Context(), "INSERT INTO other VALUES (1)")
	require.NoError(t, err)
	marks := queue.NewMarks(100, 1)
	move := func() (mark int64) {
		for range 2 { // the first takes a candidate, the second may find it settled
			require.NoError(t, marks.Move(t.Context(), r.q, r.pool, queueName, 0))
		}
		_, from := marks.Arrays()
		return from[1]
	}
	last := func() (seq int64) {
		require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT last_value FROM queue.ready_seq").Scan(&seq))
		return seq
	}
	worker := r.register(0)
	take := func(ids ...int64) { // all that wait
		require.Equal(t, ids, r.claim(worker, 10))
	}
	id, _ := r.enqueue(queue.Params{Priority: 100})
	require.LessOrEqual(t, move(), r.only().Seq, "it waits there")
	take(id)
	require.Equal(t, last()+1, move())

	open := r.begin()
	hidden := r.enqueueIn(open, queue.Params{Priority: 100})
	place := last()
	others := []int64{}
	for range 3 {
		other, _ := r.enqueue(queue.Params{Priority: 100})
		others = append(others, other)
	}
	take(others...)
	require.LessOrEqual(t, move(), place, "a job with this place can still appear")
	end(t, open, true)
	require.Equal(t, place, move(), "it has appeared")
	take(hidden)
	require.Equal(t, last()+1, move())
}
