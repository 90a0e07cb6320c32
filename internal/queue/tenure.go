package queue

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// tenure is the time that a worker spends under one id. It ends when the
// worker is stopped or finds that it was declared dead.
type tenure struct {
	*Worker
	id uuid.UUID

	slots     *slots
	claims    claims
	marks     marks
	board     *progressBoard
	metrics   *metrics
	completer *completer
	jobs      sync.WaitGroup
	handOver  chan *Job // to goroutines that have nothing to do

	// Of the claim loop alone.
	claimed    int64
	sinceScout struct{ jobs, claims int }

	scoutNow    chan struct{}
	choresNow   chan struct{}
	unrecorded  atomic.Int64 // the lowest claim of a job whose end could not be recorded; 0 if none
	rateLimited atomic.Bool  // the queue, as far as known
	wakeOthers  atomic.Bool  // when a job ends, because of a limit across workers
}

func newTenure(w *Worker, id uuid.UUID) *tenure {
	t := &tenure{
		Worker: w, id: id, slots: newSlots(w.cfg.Concurrency), board: newProgressBoard(), metrics: newMetrics(),
		scoutNow: make(chan struct{}, 1), choresNow: make(chan struct{}, 1), handOver: make(chan *Job),
	}
	t.completer = newCompleter(t)
	return t
}

// lastWrites is how long a stopping worker tries to record what became of its
// jobs once they have all returned; what it cannot record is rescued.
const lastWrites = 5 * time.Second

// serve claims and runs jobs until ctx ends or the tenure is lost.
func (t *tenure) serve(ctx context.Context) {
	base := context.WithoutCancel(ctx)
	// Jobs outlive ctx until the soft stop, records of them a little longer.
	jobsCtx, cancelJobs := context.WithCancelCause(base)
	defer cancelJobs(ErrStopping)
	writeCtx, stopWriting := context.WithCancel(base)
	defer stopWriting()
	claimCtx, stopClaiming := context.WithCancel(ctx)
	defer stopClaiming()
	beatCtx, stopBeating := context.WithCancel(base)
	defer stopBeating()

	var beats, records, loops sync.WaitGroup
	records.Go(func() { t.completer.run(writeCtx) })
	records.Go(func() { t.progressLoop(beatCtx) })
	beats.Go(func() {
		t.heartbeat(beatCtx)
		if beatCtx.Err() == nil { // lost
			cancelJobs(ErrLost)
			stopClaiming()
			stopWriting()
		}
	})
	t.loadMarks(claimCtx)
	t.current.Store(t)
	loops.Go(func() { t.scoutLoop(claimCtx) })
	loops.Go(func() { t.choreLoop(claimCtx, jobsCtx, writeCtx) })
	t.claimLoop(claimCtx, jobsCtx, writeCtx)
	t.current.Store(nil)

	close(t.handOver) // the claim loop, which alone sends, has ended
	t.drain(cancelJobs)
	stopTimer := time.AfterFunc(lastWrites, stopWriting)
	loops.Wait()
	t.jobs.Wait()
	t.completer.close()
	stopBeating()
	records.Wait()
	stopTimer.Stop()
	beats.Wait()
	t.leave(base)
}

// loadMarks begins where other workers are, rather than at the start of the
// index.
func (t *tenure) loadMarks(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, choreTimeout)
	defer cancel()
	saved, err := t.q.QueueLanes(ctx, t.db, t.cfg.Queue)
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot read marks, doing without", "error", err)
	}
	t.marks.load(saved)
}

// drain lets the running jobs finish, then cancels those that have not.
func (t *tenure) drain(cancelJobs context.CancelCauseFunc) {
	soft := time.AfterFunc(t.cfg.SoftStop, func() { cancelJobs(ErrStopping) })
	defer soft.Stop()
	t.slots.idle()
}

// leave gives back what is left: jobs whose end could not be recorded, or of
// claims without an answer. Then it signs the worker off, so that nobody has to
// declare it dead.
func (t *tenure) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWrites)
	defer cancel()
	floor := t.claims.floor()
	left, err := t.q.QueueHeld(ctx, t.db, queries.QueueHeldParams{WorkerID: t.id, FirstClaim: t.lowestClaim(floor), LastClaim: t.claims.begin()})
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot see what is left; others will rescue it", "error", err)
	}
	for _, h := range left {
		t.releaseUnknown(ctx, h)
	}
	if err := t.flushMetrics(ctx); err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: the last metrics are lost", "error", err)
	}
	err = t.q.QueueRemoveWorker(ctx, t.db, queries.QueueRemoveWorkerParams{ID: t.id, ClaimFloor: t.claims.floor()})
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot sign off; others will notice", "error", err)
	}
}

// choresSoon makes the chores come at once.
func (t *tenure) choresSoon() {
	select {
	case t.choresNow <- struct{}{}:
	default:
	}
}

// noteUnrecorded remembers that the end of a job could not be recorded.
func (t *tenure) noteUnrecorded(job *Job) {
	for {
		old := t.unrecorded.Load()
		if old != 0 && old <= job.claimNo || t.unrecorded.CompareAndSwap(old, job.claimNo) {
			return
		}
	}
}

func (t *tenure) lowestUnrecorded() int64 {
	if n := t.unrecorded.Load(); n != 0 {
		return n
	}
	return math.MaxInt64
}

// lowestClaim is the lowest number that the claim of any job can have which is
// held now, given claims.floor.
func (t *tenure) lowestClaim(floor int64) int64 {
	floor = min(floor, t.lowestUnrecorded())
	for _, job := range t.held() {
		floor = min(floor, job.claimNo)
	}
	return floor
}
