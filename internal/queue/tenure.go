package queue

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
)

// tenure is the time that a worker spends under one id. It ends when the
// worker is stopped or finds that it was declared dead.
type tenure struct {
	*Worker
	id uuid.UUID

	slots     chan struct{} // holds one entry per job that runs
	jobs      sync.WaitGroup
	completer *completer
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

// leave gives back what is left: jobs whose end could not be recorded, or that
// were claimed after others had declared this worker dead. Then it removes the
// worker's row, so that nobody has to declare it dead.
func (t *tenure) leave(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lastWrites)
	defer cancel()
	left, err := t.q.QueueHeld(ctx, t.db, t.id)
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot see what is left; others will rescue it", "error", err)
	}
	for _, h := range left {
		t.releaseUnknown(ctx, h)
	}
	if err := t.q.QueueRemoveWorker(ctx, t.db, t.id); err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: cannot sign off; others will notice", "error", err)
	}
}
