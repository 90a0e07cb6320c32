package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"son1k/internal/queue/admin"
)

func jobsPause(in invocation) error  { return in.control((*admin.Admin).Pause) }
func jobsResume(in invocation) error { return in.control((*admin.Admin).Resume) }

// queueRow shows a queue after a change. One without workers may be a slip of the
// pen: settings can be made before a queue is used.
func (in invocation) queueRow(out *output, q admin.Queue) error {
	if q.Workers == 0 {
		fmt.Fprintf(in.stderr, "No live worker serves %s.\n", safe(q.Name))
	}
	return rows(out, []admin.Queue{q}, "", queueColumns()...)
}

// control changes a queue and shows it.
func (in invocation) control(change func(*admin.Admin, context.Context, string) (admin.Queue, error)) error {
	fs, out := in.jobFlags("QUEUE")
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		q, err := change(queue, ctx, words[0])
		if err != nil {
			return err
		}
		return in.queueRow(out, q)
	})
}

// drainEvery is how often a draining queue is looked at.
const drainEvery = 200 * time.Millisecond

func jobsDrain(in invocation) error {
	fs, out := in.jobFlags("QUEUE")
	wait := fs.Bool("wait", false, "return when none of its jobs runs any more")
	timeout := spanValue(0)
	fs.Var(&timeout, "timeout", "with --wait, give up after this time, such as 10m (default: never)")
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	if timeout > 0 && !*wait {
		return in.misused(fs, "--timeout needs --wait")
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		q, err := queue.Drain(ctx, words[0])
		if err == nil && *wait {
			q, err = waitUntilDrained(ctx, queue, q, time.Duration(timeout))
		}
		if err != nil {
			return err
		}
		return in.queueRow(out, q)
	})
}

// waitUntilDrained waits until nothing of a paused queue runs. timeout 0 is
// forever.
func waitUntilDrained(ctx context.Context, queue *admin.Admin, q admin.Queue, timeout time.Duration) (admin.Queue, error) {
	var late <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		late = timer.C
	}
	tick := time.NewTicker(drainEvery)
	defer tick.Stop()
	for q.Running > 0 {
		select {
		case <-tick.C:
		case <-late:
			return q, fmt.Errorf("after %s %s still has %s running; it stays paused", humane(timeout), q.Name, counted(int(q.Running), "job"))
		case <-ctx.Done():
			return q, fmt.Errorf("interrupted while %s has %s running; it stays paused", q.Name, counted(int(q.Running), "job"))
		}
		var err error
		if q, err = queue.Queue(ctx, q.Name); err != nil {
			return q, err
		}
		if q.PausedAt == nil {
			return q, fmt.Errorf("somebody has resumed %s meanwhile", q.Name)
		}
	}
	return q, nil
}

func jobsLimits(in invocation) error {
	fs, out := in.jobFlags("QUEUE")
	var l admin.Limits
	fs.Func("max-running", "jobs that run at once, on all workers together; or none", limitFlag(&l.MaxRunning))
	fs.Func("rate", "jobs that start in a time, on all workers together, such as 10/s or 25/1m30s; or none", func(s string) error {
		n, window, err := 0, time.Duration(0), error(nil)
		if s != "none" {
			n, window, err = parseRate(s)
		}
		l.RateLimit, l.RateWindow = &n, window
		return err
	})
	fs.Func("concurrency", "jobs that each worker process runs at once; or none: as it was configured", limitFlag(&l.WorkerConcurrency))
	fs.Func("fair-every", "one in so many claims takes the job that has waited longest, whatever its priority; 0 or none: no claim does", limitFlag(&l.FairEvery))
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	if err := in.invalid(l.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		q, err := limits(ctx, queue, words[0], l)
		if err != nil {
			return err
		}
		return in.queueRow(out, q)
	})
}

func limits(ctx context.Context, queue *admin.Admin, name string, l admin.Limits) (admin.Queue, error) {
	if l.Empty() {
		return queue.Queue(ctx, name)
	}
	return queue.SetLimits(ctx, name, l)
}

// limitFlag reads a number, or none for 0.
func limitFlag(to **int) func(string) error {
	return func(s string) error {
		n := 0
		if strings.ToLower(s) != "none" {
			var err error
			if n, err = strconv.Atoi(s); err != nil || n < 0 {
				return errors.New("not a number, nor none")
			}
		}
		*to = &n
		return nil
	}
}
