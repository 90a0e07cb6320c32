package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"son1k/internal/queue/admin"
)

func jobsCancel(in invocation) error {
	fs, out := in.jobFlags("ID... | --queue Q [filters]")
	b := in.bulk(fs, out, "cancel")
	p := admin.CancelParams{}
	fs.StringVar(&p.Queue, "queue", "", "cancel many jobs of this queue: all, or those that match all that follows")
	fs.StringVar(&p.Kind, "kind", "", "with --queue, of this kind")
	fs.StringVar(&p.State, "state", "", "with --queue, in this state: waiting, scheduled, blocked, parked or running")
	fs.StringVar(&p.KeyLike, "key-like", "", "with --queue, with such a key; % stands for anything")
	fs.StringVar(&p.ConcurrencyKey, "concurrency-key", "", "with --queue, with this concurrency key")
	fs.Var((*spanValue)(&p.OlderThan), "older-than", "with --queue, enqueued before this time, such as 90m or 7d")
	fs.IntVar(&p.Max, "max", 10000, "with --queue, at most this many, the oldest first")
	words, err := in.words(fs, 0, maxIDs)
	if err != nil {
		return err
	}
	if many, err := in.wordsOrFlags(fs, words, p.Queue); err != nil {
		return err
	} else if !many {
		return in.cancelEach(fs, out, words)
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error { return cancelMany(ctx, queue, p, b) })
}

// wordsOrFlags reports whether many jobs are selected by flags, or else by their
// ids. Flags that would be ignored are refused: whoever typed them meant something.
func (in invocation) wordsOrFlags(fs *flag.FlagSet, words []string, queue string) (many bool, err error) {
	ignored := ""
	fs.Visit(func(f *flag.Flag) {
		if f.Name != "json" && f.Name != "utc" && f.Name != "yes" {
			ignored = f.Name
		}
	})
	switch {
	case len(words) > 0 && ignored != "":
		return false, in.misused(fs, fmt.Sprintf("ids and --%s exclude each other", ignored))
	case len(words) > 0:
		return false, nil
	case queue == "":
		return false, in.misused(fs, "which jobs? Give their ids, or --queue")
	default:
		return true, nil
	}
}

func (in invocation) cancelEach(fs *flag.FlagSet, out *output, words []string) error {
	ids, err := in.ids(fs, words)
	if err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		cancelled, err := each(ids, func(id int64) (admin.Cancelled, error) { return queue.Cancel(ctx, id) })
		return errors.Join(cancelledRows(out, cancelled), err)
	})
}

func cancelMany(ctx context.Context, queue *admin.Admin, p admin.CancelParams, b *bulk) error {
	preview, err := queue.PreviewCancel(ctx, p)
	if err != nil {
		return err
	}
	note := ""
	if left := preview.Jobs - preview.Ending; left > 0 {
		note = fmt.Sprintf("Workers will end %d of them: those that run are asked to stop.", left)
	}
	if ok, err := b.approved(ctx, preview, note); err != nil || !ok {
		return err
	}
	cancelled, err := queue.CancelWhere(ctx, p)
	if err != nil {
		return err
	}
	if b.out.json {
		return b.out.encode(cancelled)
	}
	left := 0
	for _, c := range cancelled {
		if !c.Ended {
			left++
		}
	}
	if left > 0 {
		return b.out.say(fmt.Sprintf("%s cancelled; workers are ending %d of them.", counted(len(cancelled), "job"), left))
	}
	return b.out.say(counted(len(cancelled), "job") + " cancelled.")
}

func cancelledRows(out *output, cancelled []admin.Cancelled) error {
	if len(cancelled) == 0 && !out.json {
		return nil // what went wrong follows
	}
	type job = admin.Cancelled
	return rows(out, cancelled, "",
		right("ID", func(j job) string { return id(j.ID) }),
		left("QUEUE", func(j job) string { return j.Queue }),
		left("KIND", func(j job) string { return j.Kind }),
		left("WAS", func(j job) string { return j.StateWas }),
		left("KEY", func(j job) string { return clip(text(j.Key), keyWidth) }),
		left("NOW", func(j job) string {
			if j.Ended {
				return "cancelled"
			}
			return "a worker ends it"
		}),
	)
}
