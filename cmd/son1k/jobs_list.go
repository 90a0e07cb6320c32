package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"son1k/internal/queue/admin"
)

const (
	keyWidth   = 36 // a UUID
	errorWidth = 80
)

func jobsList(in invocation) error {
	fs, out := in.jobFlags("")
	p := admin.JobsParams{}
	fs.StringVar(&p.Queue, "queue", "", "of this queue")
	fs.StringVar(&p.State, "state", "", "in this state: waiting, scheduled, blocked, parked or running")
	fs.StringVar(&p.Kind, "kind", "", "of this kind")
	fs.StringVar(&p.KeyLike, "key-like", "", "with such a key; % stands for anything")
	fs.IntVar(&p.Limit, "limit", 50, "at most this many, oldest first")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		found, err := queue.Jobs(ctx, p)
		if err != nil {
			return err
		}
		if err := rows(out, found, "There is no such job.", jobColumns()...); err != nil {
			return err
		}
		if len(found) == p.Limit && !out.json {
			fmt.Fprintf(in.stderr, "There may be more: see --limit.\n")
		}
		return nil
	})
}

func jobColumns() []column[admin.Job] {
	type job = admin.Job
	return []column[job]{
		right("ID", func(j job) string { return id(j.ID) }),
		left("QUEUE", func(j job) string { return j.Queue }),
		left("KIND", func(j job) string { return j.Kind }),
		left("STATE", func(j job) string { return j.State }),
		right("PRIORITY", func(j job) string { return strconv.Itoa(j.Priority) }),
		right("ATTEMPT", func(j job) string { return attempts(j.Attempt, j.MaxAttempts) }),
		right("AGE", func(j job) string { return humane(time.Duration(j.Age)) }),
		right("WAITED", func(j job) string { return span(j.Waited) }),
		left("KEY", func(j job) string { return clip(text(j.Key), keyWidth) }),
		left("NOTE", jobNote),
	}
}

// jobNote says why a job is not running, or how far it has got.
func jobNote(j admin.Job) string {
	switch {
	case j.Why != nil:
		return *j.Why
	case j.Cancelling:
		return "Is being cancelled."
	case j.Stage != nil:
		return fmt.Sprintf("%d%% %s", j.Progress, *j.Stage)
	default:
		return fmt.Sprintf("%d%%", j.Progress)
	}
}

func attempts(n, most int) string { return fmt.Sprintf("%d/%d", n, most) }
