package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"son1k/internal/queue/admin"
)

func jobsStats(in invocation) error {
	fs, out := in.jobFlags("")
	name := fs.String("queue", "", "of this queue")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		stats, err := queue.Stats(ctx, *name)
		if err != nil {
			return err
		}
		return rows(out, stats, "The queue is empty, and nothing has ended in the last five minutes.", statColumns()...)
	})
}

func statColumns() []column[admin.Stat] {
	type stat = admin.Stat
	return []column[stat]{
		left("QUEUE", func(s stat) string { return s.Queue }),
		right("PRIORITY", func(s stat) string { return strconv.Itoa(s.Priority) }),
		right("WAITING", func(s stat) string { return roughly(s.Waiting, s.WaitingExact) }),
		right("OLDEST", func(s stat) string { return span(s.OldestWait) }),
		right("RUNNING", func(s stat) string { return id(s.Running) }),
		right("WAIT P50", func(s stat) string { return millis(s.WaitP50) }),
		right("P95", func(s stat) string { return millis(s.WaitP95) }),
		right("P99", func(s stat) string { return millis(s.WaitP99) }),
		right("RUN P50", func(s stat) string { return millis(s.RunP50) }),
		right("P95", func(s stat) string { return millis(s.RunP95) }),
		right("P99", func(s stat) string { return millis(s.RunP99) }),
		right("DONE/S", func(s stat) string { return strconv.FormatFloat(s.CompletedPer, 'f', 1, 64) }),
		right("FAILED", func(s stat) string { return id(s.Failed) }),
		right("RETRIED", func(s stat) string { return id(s.Retried) }),
		right("SNOOZED", func(s stat) string { return id(s.Snoozed) }),
		right("CANCELLED", func(s stat) string { return id(s.Cancelled) }),
		right("RESCUED", func(s stat) string { return id(s.Rescued) }),
	}
}

// roughly marks a number that was not counted just now.
func roughly(n int64, exact bool) string {
	if exact {
		return id(n)
	}
	return "~" + id(n)
}

func jobsQueues(in invocation) error {
	fs, out := in.jobFlags("")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		found, err := queue.Queues(ctx)
		if err != nil {
			return err
		}
		return rows(out, found, "There is no queue yet: workers make theirs.", queueColumns()...)
	})
}

func queueColumns() []column[admin.Queue] {
	type queue = admin.Queue
	return []column[queue]{
		left("QUEUE", func(q queue) string { return q.Name }),
		left("STATE", func(q queue) string { return q.State }),
		right("WAITING", func(q queue) string { return id(q.Waiting) }),
		right("OLDEST", func(q queue) string { return span(q.OldestWait) }),
		right("RUNNING", func(q queue) string { return id(q.Running) }),
		right("SCHEDULED", func(q queue) string { return id(q.Scheduled) }),
		right("BLOCKED", func(q queue) string { return id(q.Blocked) }),
		right("PARKED", func(q queue) string { return id(q.Parked) }),
		right("WORKERS", func(q queue) string { return id(q.Workers) }),
		right("MAX RUNNING", func(q queue) string { return numberOr(q.MaxRunning, "none") }),
		right("RATE", rate),
		right("CONCURRENCY", func(q queue) string { return numberOr(q.WorkerConcurrency, "own") }),
		right("FAIR EVERY", func(q queue) string { return numberOr(q.FairEvery, "") }),
	}
}

// rate writes a rate limit as the flag takes it.
func rate(q admin.Queue) string {
	if q.RateLimit == nil || q.RateWindow == nil {
		return "none"
	}
	return fmt.Sprintf("%d/%s", *q.RateLimit, span(q.RateWindow))
}

func jobsWorkers(in invocation) error {
	fs, out := in.jobFlags("")
	name := fs.String("queue", "", "of this queue")
	all := fs.Bool("all", false, "with those, too, that have gone within the last hour")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		workers, err := queue.Workers(ctx, *name, *all)
		if err != nil {
			return err
		}
		return rows(out, workers, "There is no worker.", workerColumns(out)...)
	})
}

func workerColumns(out *output) []column[admin.Worker] {
	type worker = admin.Worker
	return []column[worker]{
		left("WORKER", func(w worker) string { return w.ID }),
		left("QUEUE", func(w worker) string { return w.Queue }),
		left("STATUS", func(w worker) string { return w.Status }),
		right("SILENCE", func(w worker) string { return humane(time.Duration(w.Silence)) }),
		right("RUNNING", func(w worker) string { return fmt.Sprintf("%d/%d", w.Running, w.Concurrency) }),
		left("HOST", func(w worker) string { return w.Host }),
		right("PID", func(w worker) string { return strconv.Itoa(w.PID) }),
		left("VERSION", func(w worker) string { return w.Version }),
		left("STARTED", func(w worker) string { return out.at(w.StartedAt) }),
		left("KINDS", func(w worker) string { return strings.Join(w.Kinds, ",") }),
	}
}

// jobsHealth fails if there is something to worry about.
func jobsHealth(in invocation) error {
	fs, out := in.jobFlags("")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		checks, err := queue.Health(ctx)
		if err != nil {
			return err
		}
		if err := rows(out, checks, "Nothing was checked.", checkColumns()...); err != nil {
			return err
		}
		var bad []string
		for _, c := range checks {
			if c.OK {
				continue
			}
			bad = append(bad, c.Check)
			if !out.json {
				fmt.Fprintf(in.stdout, "\n%s: %s\n", safe(c.Check), safe(c.Advice))
			}
		}
		if len(bad) > 0 {
			return fmt.Errorf("not well: %s", strings.Join(bad, ", "))
		}
		return nil
	})
}

func checkColumns() []column[admin.Check] {
	type check = admin.Check
	return []column[check]{
		left("", func(c check) string {
			if c.OK {
				return "ok"
			}
			return "BAD"
		}),
		left("CHECK", func(c check) string { return c.Check }),
		left("VALUE", func(c check) string { return c.Value }),
		left("WORRY AT", func(c check) string { return c.Threshold }),
	}
}
