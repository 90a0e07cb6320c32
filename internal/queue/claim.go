package queue

import (
	"cmp"
	"context"
	"slices"
	"time"

	"son1k/internal/queries"
)

const (
	maxClaim  = 500
	maxBehind = 1000 // jobs that have been done and not yet recorded

	// A statement on a connection that has silently gone must not hold up the
	// worker until the operating system notices.
	claimTimeout = 10 * time.Second

	// How much may be claimed before the marks are moved.
	scoutAfterJobs   = 1000
	scoutAfterClaims = 64
)

// claimLoop is the only one of its worker that claims jobs to run. It asks for
// as many as there are free slots, again at once while it gets them all, and
// otherwise when it is woken, when a limit may let it, or when the poll interval has
// passed.
func (t *tenure) claimLoop(ctx, jobsCtx, writeCtx context.Context) {
	idle := time.NewTimer(0)
	defer idle.Stop()
	for {
		n := t.acquire(ctx)
		if n == 0 || !t.keepUp(ctx) {
			t.slots.free(n)
			return
		}
		got := t.claim(ctx, jobsCtx, writeCtx, n)
		t.slots.free(n - got)
		if got == n {
			continue
		}
		idle.Reset(t.pause(ctx))
		select {
		case <-ctx.Done():
			return
		case <-t.wake:
		case <-idle.C:
		}
	}
}

// pause is how long to wait for a wake-up.
func (t *tenure) pause(ctx context.Context) time.Duration {
	wait := jitter(t.cfg.Poll)
	if !t.rateLimited.Load() {
		return wait
	}
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	seconds, err := t.q.QueueNextClaim(ctx, t.db, t.cfg.Queue)
	if err != nil || seconds < 0 {
		return wait
	}
	return min(wait, time.Duration(seconds*float64(time.Second))+time.Millisecond)
}

// acquire waits for a free slot and takes as many as there are. It returns 0 if
// ctx ended.
func (t *tenure) acquire(ctx context.Context) int {
	for ctx.Err() == nil {
		if n := t.slots.take(maxClaim); n > 0 {
			return n
		}
		select {
		case <-ctx.Done():
		case <-t.slots.freed:
		}
	}
	return 0
}

// keepUp waits while too many jobs have been done that are not recorded: all of
// them would be done again if this process died. It returns false if ctx ended.
func (t *tenure) keepUp(ctx context.Context) bool {
	for {
		limit, _ := t.slots.numbers()
		if t.Running() <= limit+maxBehind {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-t.dropped:
		}
	}
}

// claim takes up to n jobs, the most urgent first, starts them and returns how
// many. Stopping does not interrupt it: its answer says what this worker holds.
// Without an answer the jobs may have been taken all the same, now or later; see
// chores.
func (t *tenure) claim(ctx, jobsCtx, writeCtx context.Context, n int) (got int) {
	claimCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
	defer cancel()
	priorities, from := t.marks.arrays()
	no := t.claims.begin()
	rows, err := t.q.QueueClaim(claimCtx, t.cfg.Pool, queries.QueueClaimParams{
		WorkerID: t.id, ClaimNo: no, Queue: t.cfg.Queue, Kinds: t.kinds, MaxJobs: int32(n),
		ClaimedBefore: t.claimed, Priorities: priorities, Marks: from,
	})
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: claim failed", "error", err)
		t.claims.end(no, false, time.Now())
		return 0
	}
	slices.SortFunc(rows, func(a, b queries.QueueClaimRow) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.Seq, b.Seq))
	})
	jobs := make([]*Job, len(rows))
	for i, row := range rows {
		jobs[i] = t.take(jobsCtx, row)
	}
	t.claims.end(no, true, time.Now()) // they are all held now
	for _, job := range jobs {
		t.start(writeCtx, job)
	}
	t.noteClaim(rows)
	return len(rows)
}

// noteClaim counts claims, and has the marks moved when enough has been taken
// from where they stand.
func (t *tenure) noteClaim(rows []queries.QueueClaimRow) {
	t.claimed += int64(len(rows))
	t.sinceScout.jobs += len(rows)
	t.sinceScout.claims++
	due := t.sinceScout.jobs >= scoutAfterJobs || t.sinceScout.claims >= scoutAfterClaims && t.sinceScout.jobs > 0
	for i := 0; i < len(rows) && !due; i++ {
		if i == 0 || rows[i].Priority != rows[i-1].Priority {
			due = !t.marks.knows(rows[i].Priority)
		}
	}
	if !due {
		return
	}
	t.sinceScout.jobs, t.sinceScout.claims = 0, 0
	select {
	case t.scoutNow <- struct{}{}:
	default:
	}
}
