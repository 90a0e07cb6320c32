package queue

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// tenure is the time that a worker spends under one id. It ends when the
// worker is stopped or finds that it was declared dead.
type tenure struct {
	*Worker
	id uuid.UUID

	slots     chan struct{} // holds one entry per job that runs
	jobs      sync.WaitGroup
	completer *completer
	unsure    bool // the answer to a claim was lost; owned by the claim loop
}

// lastWrites is how long a stopping worker tries to record what became of its
// jobs once they have all returned; what it cannot record is rescued.
const lastWrites = 5 * time.Second

// serve claims and runs jobs until ctx ends or the tenure is lost.
func (t *tenure) serve(ctx context.Context) {
	t.slots = make(chan struct{}, t.cfg.Concurrency)
	base := context.WithoutCancel(ctx)
	// Jobs outlive ctx until the soft stop, records of them a little longer.
	jobsCtx, cancelJobs := context.WithCancelCause(base)
	defer cancelJobs(ErrStopping)
	writeCtx, stopWriting := context.WithCancel(base)
	defer stopWriting()
	claimCtx, stopClaiming := context.WithCancel(ctx)
	defer stopClaiming()

	t.completer = newCompleter(t)
	var beats, loops sync.WaitGroup
	loops.Go(func() { t.completer.run(writeCtx) })
	beatCtx, stopBeating := context.WithCancel(base)
	defer stopBeating()
	beats.Go(func() {
		t.heartbeat(beatCtx)
		if beatCtx.Err() == nil { // lost
			cancelJobs(ErrLost)
			stopClaiming()
			stopWriting()
		}
	})
	t.claimLoop(claimCtx, jobsCtx, writeCtx)

	t.drain(cancelJobs)
	stopTimer := time.AfterFunc(lastWrites, stopWriting)
	t.jobs.Wait()
	t.completer.close()
	loops.Wait()
	stopTimer.Stop()
	stopBeating()
	beats.Wait()
	t.leave(base)
}

// drain lets the running jobs finish, then cancels those that have not.
func (t *tenure) drain(cancelJobs context.CancelCauseFunc) {
	soft := time.AfterFunc(t.cfg.SoftStop, func() { cancelJobs(ErrStopping) })
	defer soft.Stop()
	for range cap(t.slots) {
		t.slots <- struct{}{} // a job gives its slot back when it has returned
	}
}

// leave removes the worker's row, so that nobody has to declare it dead.
func (t *tenure) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWrites)
	defer cancel()
	if err := t.q.QueueRemoveWorker(ctx, t.cfg.Pool, t.id); err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot sign off; others will notice", "error", err)
	}
}

// heartbeat keeps the worker's row fresh and declares silent workers dead,
// until ctx ends or this worker itself was declared dead.
func (t *tenure) heartbeat(ctx context.Context) {
	steadySince := time.Now()
	ticker := time.NewTicker(t.cfg.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		alive, err := t.beat(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.cfg.Log.WarnContext(ctx, "queue: heartbeat failed", "error", err)
			steadySince = time.Now()
			continue
		}
		if !alive {
			t.cfg.Log.ErrorContext(ctx, "queue: declared dead by another worker; starting over", "worker", t.id)
			return
		}
		// While the database was away nobody could send a heartbeat. Judge
		// others only after having been able to for as long as they may be silent.
		if time.Since(steadySince) >= t.cfg.DeadAfter {
			t.rescue(ctx)
		}
	}
}

func (t *tenure) beat(ctx context.Context) (alive bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.Heartbeat)
	defer cancel()
	n, err := t.q.QueueHeartbeat(ctx, t.cfg.Pool, queries.QueueHeartbeatParams{
		ID: t.id, MeanRunMs: int32(min(t.meanRun.get(), 24*time.Hour).Milliseconds()),
	})
	return n > 0, err
}

func (t *tenure) rescue(ctx context.Context) {
	rescued, err := t.q.QueueRescue(ctx, t.cfg.Pool, t.cfg.DeadAfter)
	if err != nil {
		if ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "queue: rescue failed", "error", err)
		}
		return
	}
	for _, j := range rescued {
		t.cfg.Log.WarnContext(ctx, "queue: job rescued from a dead worker", "job", j.ID)
	}
	if len(rescued) > 0 {
		t.Wake()
	}
}
