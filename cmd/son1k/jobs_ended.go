package main

import (
	"context"
	"fmt"
	"time"

	"son1k/internal/queue/admin"
)

func jobsHistory(in invocation) error {
	fs, out := in.jobFlags("")
	var p admin.EndedParams
	fs.StringVar(&p.Queue, "queue", "", "of this queue")
	fs.StringVar(&p.Kind, "kind", "", "of this kind")
	fs.StringVar(&p.Outcome, "outcome", "", "that ended so: completed, failed or cancelled")
	fs.Var((*spanValue)(&p.Since), "since", "that ended within this time, such as 90m or 7d (default: as long as they are kept)")
	fs.IntVar(&p.Limit, "limit", 50, "at most this many, the last one enqueued first")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		ended, err := queue.History(ctx, p)
		if err != nil {
			return err
		}
		return rows(out, ended, "No such job has ended, as far as the history goes back.", historyColumns(out)...)
	})
}

func historyColumns(out *output) []column[admin.Ended] {
	type ended = admin.Ended
	return []column[ended]{
		right("ID", func(e ended) string { return id(e.ID) }),
		left("QUEUE", func(e ended) string { return e.Queue }),
		left("KIND", func(e ended) string { return e.Kind }),
		left("OUTCOME", func(e ended) string { return e.Outcome }),
		left("ENDED", func(e ended) string { return out.at(e.FinishedAt) }),
		right("ATTEMPT", func(e ended) string { return attempts(e.Attempt, e.MaxAttempts) }),
		right("WAITED", func(e ended) string { return span(e.Waited) }),
		right("RAN", func(e ended) string { return span(e.Ran) }),
		left("KEY", func(e ended) string { return clip(text(e.Key), keyWidth) }),
		left("LAST ERROR", func(e ended) string { return clip(text(e.LastError), errorWidth) }),
	}
}

func jobsFailed(in invocation) error {
	fs, out := in.jobFlags("")
	var p admin.EndedParams
	fs.StringVar(&p.Queue, "queue", "", "of this queue")
	fs.StringVar(&p.Kind, "kind", "", "of this kind")
	fs.Var((*spanValue)(&p.Since), "since", "that failed within this time, such as 90m or 7d (default: as long as they are kept; in groups, 1d)")
	fs.IntVar(&p.Limit, "limit", 50, "at most this many jobs, or groups of each queue")
	group := fs.Bool("group", false, "group them by error, the most frequent first")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	if *group && p.Kind != "" {
		return in.misused(fs, "--group and --kind exclude each other")
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		if *group {
			return failureGroups(ctx, queue, p, out)
		}
		failed, err := queue.Failed(ctx, p)
		if err != nil {
			return err
		}
		return rows(out, failed, "No job has failed, as far as the history goes back.", failedColumns(out)...)
	})
}

func failedColumns(out *output) []column[admin.Ended] {
	type ended = admin.Ended
	return []column[ended]{
		right("ID", func(e ended) string { return id(e.ID) }),
		left("QUEUE", func(e ended) string { return e.Queue }),
		left("KIND", func(e ended) string { return e.Kind }),
		left("FAILED", func(e ended) string { return out.at(e.FinishedAt) }),
		right("ATTEMPT", func(e ended) string { return attempts(e.Attempt, e.MaxAttempts) }),
		right("REDRIVEN", func(e ended) string { return fmt.Sprint(e.Redriven) }),
		left("KEY", func(e ended) string { return clip(text(e.Key), keyWidth) }),
		left("ERROR", func(e ended) string { return clip(text(e.LastError), errorWidth) }),
	}
}

// failureGroups writes what the failed jobs of a queue, or of every queue, have
// in common.
func failureGroups(ctx context.Context, queue *admin.Admin, p admin.EndedParams, out *output) error {
	names := []string{p.Queue}
	if p.Queue == "" {
		queues, err := queue.Queues(ctx)
		if err != nil {
			return err
		}
		names = nil
		for _, q := range queues {
			names = append(names, q.Name)
		}
	}
	if p.Since == 0 {
		p.Since = day
	}
	groups := []admin.FailureGroup{}
	for _, name := range names {
		found, err := queue.FailureGroups(ctx, name, p.Since, p.Limit)
		if err != nil {
			return err
		}
		groups = append(groups, found...)
	}
	return rows(out, groups, fmt.Sprintf("No job has failed within %s.", humane(time.Duration(p.Since))), groupColumns(out)...)
}

func groupColumns(out *output) []column[admin.FailureGroup] {
	type group = admin.FailureGroup
	return []column[group]{
		right("JOBS", func(g group) string { return id(g.Jobs) }),
		left("QUEUE", func(g group) string { return g.Queue }),
		left("FIRST", func(g group) string { return out.at(g.FirstAt) }),
		left("LAST", func(g group) string { return out.at(g.LastAt) }),
		right("EXAMPLE", func(g group) string { return id(g.Example) }),
		left("ERROR", func(g group) string { return clip(g.Error, errorWidth) }),
	}
}
