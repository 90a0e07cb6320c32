package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"

	"son1k/internal/queue/admin"
)

// ids reads words that are ids of jobs.
func (in invocation) ids(fs *flag.FlagSet, words []string) ([]int64, error) {
	ids := make([]int64, len(words))
	for i, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil || n < 1 {
			return nil, in.misused(fs, fmt.Sprintf("%q is not the id of a job", w))
		}
		ids[i] = n
	}
	return ids, nil
}

// each changes jobs one by one. It goes on after one that cannot be changed, and
// returns what changed along with all that went wrong.
func each[T any](ids []int64, change func(int64) (T, error)) ([]T, error) {
	changed := []T{}
	var problems []error
	for _, id := range ids {
		c, err := change(id)
		var notFound *admin.NotFoundError
		var conflict *admin.ConflictError
		switch {
		case err == nil:
			changed = append(changed, c)
		case errors.As(err, &notFound), errors.As(err, &conflict):
			problems = append(problems, err)
		default:
			return changed, errors.Join(append(problems, err)...)
		}
	}
	return changed, errors.Join(problems...)
}

func jobsRetry(in invocation) error {
	fs, out := in.jobFlags("ID...")
	words, err := in.words(fs, 1, maxIDs)
	if err != nil {
		return err
	}
	ids, err := in.ids(fs, words)
	if err != nil {
		return err
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		changed, err := each(ids, func(id int64) (admin.Changed, error) { return queue.Retry(ctx, id) })
		return errors.Join(changedRows(out, changed), err)
	})
}

// maxIDs is how many jobs one command line may name.
const maxIDs = 1000

// changedRows writes jobs after a change; nothing for people if there are none,
// because what went wrong follows.
func changedRows(out *output, changed []admin.Changed) error {
	if len(changed) == 0 && !out.json {
		return nil
	}
	type job = admin.Changed
	return rows(out, changed, "",
		right("ID", func(j job) string { return id(j.ID) }),
		left("QUEUE", func(j job) string { return j.Queue }),
		left("KIND", func(j job) string { return j.Kind }),
		left("STATE", func(j job) string { return j.State }),
		right("PRIORITY", func(j job) string { return strconv.Itoa(j.Priority) }),
		left("KEY", func(j job) string { return clip(text(j.Key), keyWidth) }),
		left("NOTE", func(j job) string { return text(j.Why) }),
	)
}

func jobsPriority(in invocation) error {
	fs, out := in.jobFlags("ID N")
	words, err := in.words(fs, 2, 2)
	if err != nil {
		return err
	}
	ids, err := in.ids(fs, words[:1])
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(words[1])
	if err != nil {
		return in.misused(fs, fmt.Sprintf("%q is not a priority", words[1]))
	}
	return in.withQueue(func(ctx context.Context, queue *admin.Admin) error {
		changed, err := queue.SetPriority(ctx, ids[0], n)
		if err != nil {
			return err
		}
		return changedRows(out, []admin.Changed{changed})
	})
}
