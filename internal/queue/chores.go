package queue

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

const (
	maxPromote   = 1000
	maxPark      = 1000
	choreTimeout = 10 * time.Second
	choreGap     = 25 * time.Millisecond // at least, between two rounds

	// promoteSlack is by how much a time may have been compared with the clock
	// before the transaction that stores it is seen to run.
	promoteSlack = 2 * time.Second
	// promoteAll is how often scheduled jobs are looked for from the beginning.
	promoteAll = time.Minute

	metricsEvery = 5 * time.Second
)

// chores is what a worker does now and then beside running jobs: at every poll,
// when something is due, or when told. All of it may be done by several workers
// at once.
type chores struct {
	*tenure

	promoted  time.Time     // scheduled jobs are promoted up to this time of the database's
	fromStart time.Time     // when all were last looked at
	began     time.Time     // the last round
	next      time.Duration // until something is due
	measured  time.Time
	saved     []int64       // marks, as others know them
	counting  time.Duration // that counting the lanes took
}

func (t *tenure) choreLoop(ctx, jobsCtx, writeCtx context.Context) {
	c := &chores{tenure: t, measured: time.Now()}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-t.choresNow:
			if !sleep(ctx, time.Until(c.began.Add(choreGap))) {
				return
			}
		}
		c.began = time.Now()
		c.next = jitter(t.cfg.Poll)
		for _, chore := range []struct {
			name string
			do   func(context.Context) error
		}{
			{"settings", c.settings},
			{"promote", c.promote},
			{"schedules", c.schedules},
			{"look at running jobs", c.standing},
			{"look for jobs of lost claims", c.lostClaims},
			{"unblock", c.unblock},
			{"marks", c.lanes},
			{"park", c.park},
			{"unpark", c.unpark},
			{"metrics", c.measure},
		} {
			err := within(ctx, choreTimeout, chore.do)
			if err != nil && ctx.Err() == nil {
				t.cfg.Log.WarnContext(ctx, "queue: chore failed, trying again later", "chore", chore.name, "error", err)
			}
		}
		if err := c.doomed(ctx, jobsCtx, writeCtx); err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "queue: cannot end what will not run", "error", err)
		}
		timer.Reset(c.next)
	}
}

// soon makes the next round of chores come no later than in d.
func (c *chores) soon(seconds float64) {
	if seconds >= 0 {
		c.next = min(c.next, time.Duration(seconds*float64(time.Second))+time.Millisecond)
	}
}

// settings puts in force what somebody may have changed.
func (c *chores) settings(ctx context.Context) error {
	s, err := c.q.QueueSettings(ctx, c.db, c.cfg.Queue)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	c.rateLimited.Store(s.RateLimit != nil)
	c.wakeOthers.Store(s.MaxRunning != nil)
	limit := c.cfg.Concurrency
	if s.WorkerConcurrency != nil {
		limit = int(*s.WorkerConcurrency)
	}
	c.slots.setLimit(limit)
	return nil
}

// promote makes jobs ready whose time has come. It looks from where it stopped,
// so as not to step over index entries of all that were ever scheduled; now and
// then from the beginning, for transactions that took long.
func (c *chores) promote(ctx context.Context) error {
	after := c.promoted.Add(-promoteSlack)
	if time.Since(c.fromStart) > promoteAll {
		after, c.fromStart = time.Time{}, time.Now()
	}
	for {
		p, err := c.q.QueuePromote(ctx, c.cfg.Pool, queries.QueuePromoteParams{Queue: c.cfg.Queue, After: after, MaxJobs: maxPromote})
		if err != nil {
			return err
		}
		if p.Promoted > 0 {
			c.Wake()
		}
		if p.Promoted == maxPromote {
			continue
		}
		next := time.Duration(p.NextIn * float64(time.Second))
		c.promoted = p.Now.Add(min(next, 0))
		c.soon(max(p.NextIn, choreGap.Seconds()))
		return nil
	}
}

// standing looks whether this worker still holds the jobs that it runs, for
// cancellations whose notice was lost and for claims that a crash of the server
// forgot.
func (c *chores) standing(ctx context.Context) error {
	jobs := c.active()
	if len(jobs) == 0 {
		return nil
	}
	ids := make([]int64, 0, len(jobs))
	for id := range jobs {
		ids = append(ids, id)
	}
	rows, err := c.q.QueueStanding(ctx, c.db, queries.QueueStandingParams{Ids: ids, WorkerID: c.id})
	if err != nil {
		return err
	}
	for _, r := range rows {
		if job := jobs[r.ID]; job != nil && job.seq == r.Seq {
			delete(jobs, r.ID)
			if r.Cancelled {
				c.cancel(r.ID, r.Seq, ErrCancelled)
			}
		}
	}
	for id, job := range jobs {
		if !job.completed.Load() && !job.returned.Load() {
			c.cancel(id, job.seq, ErrLost)
		}
	}
	return nil
}

// lostClaims gives back jobs of claims whose answers were lost. Such a claim may
// be committed long after its failure here, so that the look is taken every time.
func (c *chores) lostClaims(ctx context.Context) error {
	for _, no := range c.claims.unanswered(time.Now()) {
		held, err := c.q.QueueHeld(ctx, c.db, queries.QueueHeldParams{WorkerID: c.id, FirstClaim: no, LastClaim: no})
		if err != nil {
			return err
		}
		for _, h := range held {
			c.releaseUnknown(ctx, h)
		}
	}
	return nil
}

// releaseUnknown gives back a job that this worker holds and does not run.
func (t *tenure) releaseUnknown(ctx context.Context, h queries.QueueHeldRow) {
	done, err := t.q.QueuePutBack(ctx, t.cfg.Pool, queries.QueuePutBackParams{WorkerID: t.id, ID: h.ID, Seq: h.Seq, EvenCancelled: true})
	switch {
	case err != nil: // the next round tries again
		t.cfg.Log.WarnContext(ctx, "queue: cannot give back a job that nobody runs", "job", h.ID, "error", err)
	case done:
		t.cfg.Log.WarnContext(ctx, "queue: gave back a job that nobody runs", "job", h.ID)
		t.Wake()
	}
}

func (c *chores) unblock(ctx context.Context) error {
	n, err := c.q.QueueUnblockNoted(ctx, c.cfg.Pool)
	if n > 0 {
		c.Wake()
	}
	return err
}

// lanes moves the marks, and saves them for readers and for workers that start.
func (c *chores) lanes(ctx context.Context) error {
	if err := c.scout(ctx); err != nil {
		return err
	}
	priorities, from := c.marks.arrays()
	if len(priorities) == 0 {
		return nil
	}
	if !slices.Equal(from, c.saved) {
		err := c.q.QueueSaveLanes(ctx, c.db, queries.QueueSaveLanesParams{Queue: c.cfg.Queue, Priorities: priorities, Marks: from})
		if err != nil {
			return err
		}
		c.saved = from
	}
	// Counting may take a twentieth of the time.
	began := time.Now()
	err := c.q.QueueCountLanes(ctx, c.db, queries.QueueCountLanesParams{Queue: c.cfg.Queue, MaxAge: max(2*time.Second, 20*c.counting)})
	c.counting = max(time.Since(began), c.counting/2)
	return err
}

// park puts jobs aside that stand in the way at the head of a lane although no
// live worker knows their kind.
func (c *chores) park(ctx context.Context) error {
	priorities, from := c.marks.arrays()
	for {
		n, err := c.q.QueuePark(ctx, c.cfg.Pool, queries.QueueParkParams{
			Queue: c.cfg.Queue, Priorities: priorities, Marks: from, MaxJobs: maxPark,
		})
		if err != nil || n < maxPark {
			return err
		}
	}
}

func (c *chores) unpark(ctx context.Context) error {
	for {
		n, err := c.q.QueueUnpark(ctx, c.cfg.Pool, queries.QueueUnparkParams{Queue: c.cfg.Queue, Kinds: c.kinds, MaxJobs: maxPark})
		if n > 0 {
			c.Wake()
		}
		if err != nil || n < maxPark {
			return err
		}
	}
}

func (c *chores) measure(ctx context.Context) error {
	if time.Since(c.measured) < metricsEvery {
		return nil
	}
	c.measured = time.Now()
	return c.flushMetrics(ctx)
}

// maxDoomed is how many jobs are ended at once that will not run.
const maxDoomed = 50

// doomed ends jobs that were cancelled while they waited, or whose deadline has
// passed, whatever the limits and whether or not the queue is paused.
func (c *chores) doomed(ctx, jobsCtx, writeCtx context.Context) error {
	for ctx.Err() == nil {
		no := c.claims.begin()
		claimCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimTimeout)
		rows, err := c.q.QueueClaimDoomed(claimCtx, c.cfg.Pool, queries.QueueClaimDoomedParams{
			WorkerID: c.id, ClaimNo: no, Queue: c.cfg.Queue, Kinds: c.kinds, MaxJobs: maxDoomed,
		})
		cancel()
		if err != nil {
			c.claims.end(no, false, time.Now())
			return err
		}
		jobs := make([]*Job, len(rows))
		for i, row := range rows {
			jobs[i] = c.take(jobsCtx, queries.QueueClaimRow(row))
		}
		c.claims.end(no, true, time.Now())
		c.endAll(writeCtx, jobs)
		if len(rows) < maxDoomed {
			return nil
		}
	}
	return ctx.Err()
}
