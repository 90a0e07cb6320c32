package queue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"son1k/internal/queries"
)

const (
	maxClaim   = 500
	maxPromote = 1000
	maxBehind  = 1000 // jobs that have been done and not yet recorded

	// A statement on a connection that has silently gone must not hold up the
	// worker until the operating system notices.
	claimTimeout = 10 * time.Second
	tickTimeout  = 10 * time.Second
)

// claimLoop is the only one of its worker that claims. It asks for as many
// jobs as there are free slots, again at once while it gets them all, and
// otherwise when it is woken or has waited for the poll interval.
func (t *tenure) claimLoop(ctx, jobsCtx, writeCtx context.Context) {
	poll := time.NewTimer(0)
	defer poll.Stop()
	tick := func() {
		t.tick(ctx)
		poll.Reset(jitter(t.cfg.Poll))
	}
	for {
		n := t.acquire(ctx, poll.C, tick)
		if n == 0 {
			return
		}
		if !t.keepUp(ctx, poll.C, tick) {
			t.free(n)
			return
		}
		got := t.claim(ctx, n)
		t.free(n - len(got))
		for _, row := range got {
			t.start(jobsCtx, writeCtx, row)
		}
		if len(got) == n {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-poll.C:
			tick()
		}
	}
}

// acquire takes one free slot, ticking while it waits, and as many more as are
// free. It returns 0 if ctx ended.
func (t *tenure) acquire(ctx context.Context, poll <-chan time.Time, tick func()) (n int) {
	for n == 0 {
		if ctx.Err() != nil {
			return 0 // rather than one of the channels that may be ready too
		}
		select {
		case <-ctx.Done():
			return 0
		case <-poll:
			tick()
		case t.slots <- struct{}{}:
			n = 1
		}
	}
	for n < maxClaim {
		select {
		case t.slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
	return n
}

func (t *tenure) free(n int) {
	for range n {
		<-t.slots
	}
}

// keepUp waits while too many jobs have been done that are not recorded: all of
// them would be done again if this process died. It returns false if ctx ended.
func (t *tenure) keepUp(ctx context.Context, poll <-chan time.Time, tick func()) bool {
	for t.Running() > cap(t.slots)+maxBehind {
		select {
		case <-ctx.Done():
			return false
		case <-poll:
			tick()
		case <-t.dropped:
		}
	}
	return true
}

// claim takes up to n jobs, the most urgent first. Stopping does not interrupt
// it: its answer says what this worker holds. Without an answer the jobs may
// have been taken all the same, now or later; see tick.
func (t *tenure) claim(ctx context.Context, n int) []queries.QueueClaimRow {
	claimCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	rows, err := t.q.QueueClaim(claimCtx, t.db, queries.QueueClaimParams{
		WorkerID: t.id, Queue: t.cfg.Queue, Kinds: t.kinds, MaxJobs: int32(n),
	})
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: claim failed", "error", err)
		return nil
	}
	slices.SortFunc(rows, func(a, b queries.QueueClaimRow) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Seq, b.Seq))
	})
	return rows
}

// tick does what is due at every poll: it promotes jobs whose time has come,
// and looks at what this worker holds, for cancellations whose notice was lost
// and for jobs of a claim whose answer was lost. Such a claim may be committed
// long after its failure here, so that the look is taken every time.
func (t *tenure) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, tickTimeout)
	defer cancel()
	if _, err := t.q.QueuePromote(ctx, t.db, maxPromote); err != nil && ctx.Err() == nil {
		t.cfg.Log.WarnContext(ctx, "queue: promote failed", "error", err)
	}
	held, err := t.q.QueueHeld(ctx, t.db, t.id)
	if err != nil {
		if ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "queue: looking at held jobs failed", "error", err)
		}
		return
	}
	for _, h := range held {
		switch {
		case !t.holds(h.ID, h.Seq):
			t.releaseUnknown(ctx, h)
		case h.Cancelled:
			t.cancel(h.ID, ErrCancelled)
		}
	}
}

// releaseUnknown gives back a job that this worker holds and does not run. One
// that merely ended since held was read is not harmed: its seq is gone.
func (t *tenure) releaseUnknown(ctx context.Context, h queries.QueueHeldRow) {
	n, err := t.q.QueueRelease(ctx, t.db, queries.QueueReleaseParams{
		ID: h.ID, Seq: h.Seq, WorkerID: t.id, EvenCancelled: true,
	})
	switch {
	case err != nil: // the next tick tries again
		t.cfg.Log.WarnContext(ctx, "queue: cannot give back a job that nobody runs", "job", h.ID, "error", err)
	case n > 0:
		t.cfg.Log.WarnContext(ctx, "queue: gave back a job that nobody runs", "job", h.ID)
		t.Wake()
	}
}
