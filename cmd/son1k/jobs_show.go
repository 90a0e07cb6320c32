package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"son1k/internal/queue/admin"
)

func jobsShow(in invocation) error {
	fs, out := in.jobFlags("ID")
	payload := fs.Bool("payload", false, "with its payload, which may hold what people wrote")
	words, err := in.words(fs, 1, 1)
	if err != nil {
		return err
	}
	ids, err := in.ids(fs, words)
	if err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		job, err := queue.Job(ctx, ids[0])
		if err != nil {
			return err
		}
		if !*payload {
			job.Payload = nil
		}
		if out.json {
			return out.encode([]admin.Detail{job})
		}
		return showJob(out, job)
	})
}

func showJob(out *output, j admin.Detail) error {
	lines := []line{
		{"id", id(j.ID)},
		{"queue", j.Queue},
		{"kind", j.Kind},
		{"key", text(j.Key)},
		{"state", j.State},
		{"why", text(j.Why)},
		{"priority", strconv.Itoa(j.Priority)},
		{"attempt", attempts(j.Attempt, j.MaxAttempts)},
		{"progress", progress(j)},
		{"enqueued", out.ago(&j.CreatedAt)},
		{"ready", out.ago(j.RunAt)},
		{"started", out.ago(j.StartedAt)},
		{"ended", out.ago(j.FinishedAt)},
		{"deadline", out.ago(j.DeadlineAt)},
		{"cancelled", out.ago(j.CancelRequestedAt)},
		{"worker", text(j.WorkerID)},
		{"concurrency", concurrency(j)},
		{"redriven", times(j.Redriven)},
		{"trace", text(j.Traceparent)},
		{"checkpoint", compact(j.Checkpoint)},
		{"result", compact(j.Result)},
		{"payload", compact(j.Payload)},
	}
	for _, f := range j.Errors {
		lines = append(lines, line{fmt.Sprintf("attempt %d", f.Attempt), failure(out, f)})
	}
	var shown []line
	for _, l := range lines {
		if l.value != "" {
			shown = append(shown, l)
		}
	}
	return writeLines(out.w, shown)
}

// ago writes a time and how far away it is.
func (out *output) ago(t *time.Time) string {
	if t == nil {
		return ""
	}
	if d := time.Since(*t); d >= 0 {
		return fmt.Sprintf("%s (%s ago)", out.at(*t), humane(d))
	}
	return fmt.Sprintf("%s (in %s)", out.at(*t), humane(time.Until(*t)))
}

func progress(j admin.Detail) string {
	if j.State != "running" {
		return ""
	}
	if j.Stage == nil {
		return fmt.Sprintf("%d%%", j.Progress)
	}
	return fmt.Sprintf("%d%% %s", j.Progress, *j.Stage)
}

func concurrency(j admin.Detail) string {
	if j.ConcurrencyKey == nil {
		return ""
	}
	return fmt.Sprintf("at most %s of %s", numberOr(j.ConcurrencyLimit, "?"), *j.ConcurrencyKey)
}

func times(n int) string {
	if n == 0 {
		return ""
	}
	return counted(n, "time")
}

// compact is JSON in one line; empty for null.
func compact(data json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, data); err != nil || b.String() == "null" {
		return ""
	}
	return b.String()
}

func failure(out *output, f admin.Failure) string {
	s := out.at(f.At)
	if f.StartedAt != nil {
		s += " after " + humane(f.At.Sub(*f.StartedAt))
	}
	return s + ": " + f.Error
}
