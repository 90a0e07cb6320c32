package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"son1k/internal/queue/admin"
)

// maxPayload bounds what is read as a payload, so that a mistaken file fails
// early.
const maxPayload = 16 << 20

func jobsEnqueue(in invocation) error {
	fs, out := in.jobFlags("--queue Q --kind K")
	var p admin.EnqueueParams
	fs.StringVar(&p.Queue, "queue", "", "queue of the job (required)")
	fs.StringVar(&p.Kind, "kind", "", "kind of the job (required)")
	payload := payloadFlag(fs)
	fs.IntVar(&p.Priority, "priority", 100, "lower runs first")
	fs.StringVar(&p.Key, "key", "", "key that no other live job of the queue has: if one does, it is returned instead")
	fs.Var((*spanValue)(&p.Delay), "in", "run it after this time, such as 90s")
	at := fs.String("at", "", "run it at this time, such as 2026-01-31T08:00:00Z or \"2026-01-31 08:00\"")
	fs.IntVar(&p.MaxAttempts, "max-attempts", 3, "try it so often")
	fs.StringVar(&p.ConcurrencyKey, "concurrency-key", "", "key of which at most --concurrency-limit jobs run at once")
	fs.IntVar(&p.ConcurrencyLimit, "concurrency-limit", 0, "see --concurrency-key")
	fs.Var((*spanValue)(&p.Deadline), "deadline", "it fails if it has not ended after this time, such as 1h")
	_, err := in.words(fs, 0, 0)
	if err != nil {
		return err
	}
	if *at != "" {
		if p.RunAt, err = parseTime(*at, out.zone()); err != nil {
			return in.misused(fs, fmt.Sprintf("--at: %q is %v", *at, err))
		}
	}
	if p.Payload, err = in.payload(*payload); err != nil {
		return err
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		job, err := queue.Enqueue(ctx, p)
		if err != nil {
			return err
		}
		if out.json {
			return out.encode([]admin.Enqueued{job})
		}
		if !job.Added {
			fmt.Fprintln(in.stderr, "A live job has the key already; nothing was added:")
		}
		return changedRows(out, []admin.Changed{job.Changed})
	})
}

func payloadFlag(fs *flag.FlagSet) *string {
	return fs.String("payload", "{}", "what the handler gets: JSON, @file, or - for standard input")
}

// payload reads what --payload names.
func (in invocation) payload(arg string) (json.RawMessage, error) {
	from, isFile := strings.CutPrefix(arg, "@")
	switch {
	case arg == "-":
		return readPayload(in.stdin)
	case isFile:
		f, err := os.Open(from)
		if err != nil {
			return nil, fmt.Errorf("payload: %w", err)
		}
		defer f.Close() //nolint:errcheck // read only
		return readPayload(f)
	default:
		return json.RawMessage(arg), nil
	}
}

func readPayload(r io.Reader) (json.RawMessage, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	if len(data) > maxPayload {
		return nil, fmt.Errorf("payload: more than %d MiB; keep big things elsewhere and enqueue where they are", maxPayload>>20)
	}
	return data, nil
}
