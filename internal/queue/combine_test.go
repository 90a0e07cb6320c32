package queue_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

const callers = 64

// answer is what a call of Enqueue returned.
type answer struct {
	id       int64
	inserted bool
	err      error
}

func (r *rig) enqueueAlone(ctx context.Context, p queue.Params) (a answer) {
	p.Queue, p.Kind = queueName, kind
	a.id, a.inserted, a.err = r.client.Enqueue(ctx, p)
	return a
}

// atOnce enqueues jobs by as many callers, all of them while the table is
// locked, so that all but one, or two if they have keys, wait for their turn.
func (r *rig) atOnce(ctx func(i int) context.Context, jobs []queue.Params, meanwhile func(answers []chan answer)) []answer {
	r.Helper()
	tx, err := r.pool.Begin(r.Context())
	require.NoError(r, err)
	defer tx.Rollback(context.WithoutCancel(r.Context()))
	_, err = tx.Exec(r.Context(), "LOCK TABLE queue.job IN SHARE MODE")
	require.NoError(r, err)
	places := 1
	if jobs[0].Key != "" {
		places = 2
	}
	answers := make([]chan answer, len(jobs))
	for i := range jobs {
		answers[i] = make(chan answer, 1)
		go func() { answers[i] <- r.enqueueAlone(ctx(i), jobs[i]) }()
		r.eventually("it waits for its turn", func() bool {
			return r.client.Flushing() == min(i+1, places) && r.client.Pending() == max(0, i+1-places)
		})
	}
	require.Equal(r, places, r.client.Flushing())
	meanwhile(answers)
	require.NoError(r, tx.Rollback(r.Context()))
	all := make([]answer, len(jobs))
	for i, c := range answers {
		all[i] = receive(r, c)
	}
	r.eventually("all is done", func() bool { return r.client.Flushing() == 0 })
	return all
}

func onlyWait([]chan answer) {}

func (r *rig) context(int) context.Context { return r.Context() }

func (r *rig) keyOf(id int64) (key string) {
	r.Helper()
	require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT key FROM queue.job WHERE id = $1", id).Scan(&key))
	return key
}

func keyed(n int) []queue.Params {
	jobs := make([]queue.Params, n)
	for i := range jobs {
		jobs[i].Key = fmt.Sprint(i)
	}
	return jobs
}

func TestEnqueueSharesStatements(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.countStatements()
	for i, a := range r.atOnce(r.context, keyed(callers), onlyWait) {
		require.NoError(t, a.err)
		require.True(t, a.inserted)
		require.Equal(t, fmt.Sprint(i), r.keyOf(a.id))
	}
	statements, jobs := r.statements()
	require.Equal(t, 3, statements, "two that were alone, and all others")
	require.Equal(t, callers, jobs)
}

func TestEnqueueWithoutKeysSharesOneStatement(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.countStatements()
	ids := make(map[int64]bool)
	for _, a := range r.atOnce(r.context, make([]queue.Params, callers), onlyWait) {
		require.NoError(t, a.err)
		require.True(t, a.inserted)
		ids[a.id] = true
	}
	require.Len(t, ids, callers)
	statements, jobs := r.statements()
	require.Equal(t, 2, statements, "the one that was alone, and all others")
	require.Equal(t, callers, jobs)
}

// countStatements has it noted how many jobs each statement adds.
func (r *rig) countStatements() {
	r.Helper()
	r.exec(`CREATE TABLE statement (n integer);
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO statement SELECT count(*) FROM added; RETURN NULL;
		END $$;
		CREATE TRIGGER note AFTER INSERT ON queue.job REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION note()`)
}

func (r *rig) statements() (statements, jobs int) {
	r.Helper()
	require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT count(*), sum(n) FROM statement").Scan(&statements, &jobs))
	return statements, jobs
}

// A job whose key a transaction under way has waits for that. Those without a key
// do not, however many of the others there are.
func TestEnqueueWithoutKeysWaitsForNoTransaction(t *testing.T) {
	t.Parallel()
	r := setup(t)
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	first, _, err := r.client.EnqueueTx(t.Context(), tx, queue.Params{Queue: queueName, Kind: kind, Key: "a"})
	require.NoError(t, err)
	waiting := make(chan answer, 3)
	for i := range cap(waiting) {
		go func() { waiting <- r.enqueueAlone(t.Context(), queue.Params{Key: "a"}) }()
		r.eventually("it waits", func() bool {
			return r.client.Flushing() == min(i+1, 2) && r.client.Pending() == max(0, i-1)
		})
	}
	a := r.enqueueAlone(t.Context(), queue.Params{})
	require.NoError(t, a.err)
	require.True(t, a.inserted)
	require.Empty(t, waiting)
	require.NoError(t, tx.Commit(t.Context()))
	for range cap(waiting) {
		require.Equal(t, answer{id: first}, receive(t, waiting))
	}
}

func TestEnqueueTellsEachCallerOfItsOwnJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const rounds = 20
	var all sync.WaitGroup
	for c := range callers {
		all.Go(func() {
			for i := range rounds {
				key := fmt.Sprint(c, " ", i)
				first, again := r.enqueueAlone(t.Context(), queue.Params{Key: key}), r.enqueueAlone(t.Context(), queue.Params{Key: key})
				var stored string
				err := r.pool.QueryRow(t.Context(), "SELECT key FROM queue.job WHERE id = $1", first.id).Scan(&stored)
				if err != nil || first.err != nil || stored != key || !first.inserted || again != (answer{id: first.id}) {
					t.Errorf("job %s: %v, then %v; stored as %s, %v", key, first, again, stored, err)
				}
			}
		})
	}
	all.Wait()
	require.Len(t, r.live(), callers*rounds)
	require.Zero(t, r.client.Pending())
	require.Zero(t, r.client.Flushing())
}

func TestEnqueueOfOneKeyByManyCallersMakesOneJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	jobs := keyed(callers)
	for i := range jobs {
		jobs[i].Key = "a"
	}
	made := 0
	for _, a := range r.atOnce(r.context, jobs, onlyWait) {
		require.NoError(t, a.err)
		require.Equal(t, r.only().ID, a.id)
		if a.inserted {
			made++
		}
	}
	require.Equal(t, 1, made)
}

func TestEnqueueOfOneBadJobSpoilsNoOther(t *testing.T) {
	t.Parallel()
	r := setup(t)
	jobs := keyed(20)
	jobs[7].Priority = -1
	jobs[11].Payload = func() {}
	jobs[11], jobs[19] = jobs[19], jobs[11] // is refused at once, does not wait
	bad := r.enqueueAlone(t.Context(), jobs[19])
	require.Error(t, bad.err)
	for i, a := range r.atOnce(r.context, jobs[:19], onlyWait) {
		if i == 7 {
			require.ErrorContains(t, a.err, "job_priority_check")
			continue
		}
		require.NoError(t, a.err, i)
		require.Equal(t, jobs[i].Key, r.keyOf(a.id))
	}
	require.Len(t, r.live(), 18)
}

// Who loses patience before the turn came has enqueued nothing. Who flushes for
// others goes on.
func TestEnqueueWhoseContextEnds(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	contexts := func(i int) context.Context {
		if i%2 == 0 {
			return ctx
		}
		return t.Context()
	}
	const n = 9
	got := r.atOnce(contexts, keyed(n), func(answers []chan answer) {
		cancel()
		for i := 2; i < n; i += 2 {
			a := receive(t, answers[i])
			require.ErrorIs(t, a.err, context.Canceled)
			answers[i] <- a
		}
		require.Equal(t, (n-2)/2, r.client.Pending())
	})
	for i, a := range got {
		if i > 0 && i%2 == 0 {
			continue
		}
		require.NoError(t, a.err)
		require.Equal(t, fmt.Sprint(i), r.keyOf(a.id))
	}
	require.Len(t, r.live(), 2+(n-2)/2)
}

func TestEnqueueAnswersAllWhenTheDatabaseHasGone(t *testing.T) {
	t.Parallel()
	r := setup(t)
	pool, err := pgxpool.NewWithConfig(t.Context(), r.pool.Config())
	require.NoError(t, err)
	pool.Close()
	client := queue.NewClient(pool, r.sender)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range 500 {
				if _, _, err := client.Enqueue(t.Context(), queue.Params{Queue: queueName, Kind: kind}); err == nil {
					t.Error("enqueued without a database")
				}
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); all.Wait() }()
	receive(t, done)
	require.Zero(t, client.Pending())
	require.Zero(t, client.Flushing(), "places were lost")
}

// Two batches, of one transaction each, with the same concurrency keys in
// opposite orders.
func TestEnqueueManyDoesNotWaitInACircle(t *testing.T) {
	t.Parallel()
	r := setup(t)
	batches := [2][]queue.Params{}
	for i := range 200 {
		p := queue.Params{Queue: queueName, Kind: kind, ConcurrencyKey: fmt.Sprint(i), ConcurrencyLimit: 1}
		batches[0] = append(batches[0], p)
		batches[1] = append([]queue.Params{p}, batches[1]...)
	}
	var all sync.WaitGroup
	for i := range 2 {
		all.Go(func() {
			for range 10 {
				err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
					_, err := r.client.EnqueueManyTx(t.Context(), tx, batches[i])
					return err
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	var waiting int
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT count(*) FROM queue.job WHERE state = 'waiting'").Scan(&waiting))
	require.Equal(t, 200, waiting)
}
