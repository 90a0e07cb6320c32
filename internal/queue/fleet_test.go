package queue_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// ownership notes who works on what, and complains about two at once.
type ownership struct {
	t      *testing.T
	mu     sync.Mutex
	owners map[int64]bool
	runs   map[int64]int
}

func newOwnership(t *testing.T) *ownership {
	return &ownership{t: t, owners: make(map[int64]bool), runs: make(map[int64]int)}
}

// take returns the function that ends the ownership, and the number of the run.
func (o *ownership) take(id int64) (leave func(), run int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owners[id] {
		o.t.Errorf("job %d has two owners", id)
	}
	o.owners[id] = true
	o.runs[id]++
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.owners, id)
	}, o.runs[id]
}

// outcomes counts the history and requires each job to be in it once.
func (r *rig) outcomes(ids []int64) map[queue.Outcome]int {
	r.Helper()
	counts := make(map[queue.Outcome]int)
	seen := make(map[int64]bool)
	for _, e := range r.history() {
		require.False(r, seen[e.ID], "job %d ended twice", e.ID)
		seen[e.ID] = true
		counts[e.Outcome]++
	}
	require.ElementsMatch(r, ids, slices.Collect(maps.Keys(seen)))
	require.Empty(r, r.live())
	return counts
}

// Several workers, hundreds of jobs that end in every way there is, and workers
// that come and go meanwhile.
func TestFleetLosesAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("CREATE TABLE song (job bigint)")
	owners := newOwnership(t)
	const n = 400
	handler := work(func(ctx context.Context, job *queue.Job) error {
		leave, run := owners.take(job.ID)
		defer leave()
		switch job.ID % 8 {
		case 0: // fails, then works
			if run < 3 {
				return errors.New("not yet")
			}
		case 1:
			panic("always")
		case 2: // blocks until it is cancelled, or its worker stops
			<-ctx.Done()
			return ctx.Err()
		case 3:
			return queue.Permanent(errors.New("never"))
		case 4: // again and again, at once
			if run < 5 {
				return queue.Snooze(0, nil)
			}
		case 5:
			return pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO song VALUES ($1)", job.ID); err != nil {
					return err
				}
				return job.CompleteTx(ctx, tx, nil)
			})
		}
		return nil
	})
	var hooks sync.Map
	handler.Ended = func(_ context.Context, _ pgx.Tx, job *queue.Job, _ queue.Outcome, _ error) (func(), error) {
		return func() {
			if _, twice := hooks.LoadOrStore(job.ID, true); twice {
				t.Errorf("job %d ended twice", job.ID)
			}
		}, nil
	}
	start := func() *queue.Worker {
		return r.worker(handler, func(c *queue.WorkerConfig) { c.Concurrency, c.SoftStop = 8, 50*time.Millisecond })
	}
	workers := []*queue.Worker{start(), start(), start()}

	ids := r.enqueueMany(n)
	r.exec("UPDATE queue.job SET key = id::text")
	blockers := 0
	for i, id := range ids {
		switch {
		case id%8 == 2: // wherever it is, it ends
			blockers++
			x, err := r.cancel(fmt.Sprint(id))
			require.NoError(t, err)
			r.client.Announce(x)
		case i%100 == 50: // one worker in the middle of it goes, and one comes
			workers[0].Stop()
			workers = append(workers[1:], start())
		}
	}
	r.awaitEnd()
	for _, w := range workers {
		w.Stop()
	}
	counts := r.outcomes(ids)
	require.Equal(t, map[queue.Outcome]int{
		completed: n / 8 * 5, queue.Failed: n / 8 * 2, queue.CancelledOut: blockers,
	}, counts)
	var songs, different int
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT count(*), count(DISTINCT job) FROM song").Scan(&songs, &different))
	require.Equal(t, n/8, songs)
	require.Equal(t, songs, different)
	require.Zero(t, r.workers())
}
