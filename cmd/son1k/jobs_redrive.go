package main

import (
	"context"

	"son1k/internal/queue/admin"
)

func jobsRedrive(in invocation) error {
	fs, out := in.jobFlags("--queue Q [filters]")
	b := in.bulk(fs, out, "bring back")
	p := admin.RedriveParams{Since: 7 * day}
	fs.StringVar(&p.Queue, "queue", "", "of this queue (required)")
	fs.StringVar(&p.Kind, "kind", "", "of this kind")
	fs.StringVar(&p.ErrorLike, "error-like", "", "whose last error is such; % stands for anything")
	fs.Var((*spanValue)(&p.Since), "since", "that failed within this time, such as 90m")
	fs.IntVar(&p.Max, "max", 1000, "at most this many, those that failed first first")
	if _, err := in.words(fs, 0, 0); err != nil {
		return err
	}
	if err := in.invalid(p.Validate()); err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		preview, err := queue.PreviewRedrive(ctx, p)
		if err != nil {
			return err
		}
		if ok, err := b.approved(ctx, preview, ""); err != nil || !ok {
			return err
		}
		back, err := queue.Redrive(ctx, p)
		if err != nil {
			return err
		}
		if out.json {
			return out.encode(back)
		}
		return out.say(counted(len(back), "job") + " brought back.")
	})
}
