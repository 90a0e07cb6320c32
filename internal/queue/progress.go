package queue

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"son1k/internal/queries"
)

// progressEvery is the least time between two writes of the progress of a job.
const progressEvery = 250 * time.Millisecond

// progressBoard collects what handlers tell of their progress. Of each job the
// latest is written, all jobs with one statement.
type progressBoard struct {
	dirty chan struct{}

	mu     sync.Mutex
	latest map[*Job]progress
}

type progress struct {
	percent int16
	stage   string
}

func newProgressBoard() *progressBoard {
	return &progressBoard{dirty: make(chan struct{}, 1), latest: make(map[*Job]progress)}
}

func (b *progressBoard) set(j *Job, percent int16, stage string) {
	b.mu.Lock()
	b.latest[j] = progress{percent, stage}
	b.mu.Unlock()
	select {
	case b.dirty <- struct{}{}:
	default:
	}
}

func (b *progressBoard) take() map[*Job]progress {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.latest
	b.latest = make(map[*Job]progress, len(all))
	return all
}

// progressLoop writes progress until ctx ends. What cannot be written is left
// to the next time: nothing depends on it.
func (t *tenure) progressLoop(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.board.dirty:
		}
		if err := within(ctx, choreTimeout, t.writeProgress); err != nil && ctx.Err() == nil {
			t.cfg.Log.WarnContext(ctx, "queue: cannot write progress", "error", err)
		}
		if !sleep(ctx, progressEvery) {
			return
		}
	}
}

func (t *tenure) writeProgress(ctx context.Context) error {
	arg := queries.QueueProgressParams{WorkerID: t.id}
	latest := t.board.take()
	// Everybody who locks many jobs locks them in this order.
	for _, job := range slices.SortedFunc(maps.Keys(latest), func(a, b *Job) int { return cmp.Compare(a.ID, b.ID) }) {
		p := latest[job]
		arg.Ids = append(arg.Ids, job.ID)
		arg.Seqs = append(arg.Seqs, job.seq)
		arg.Progress = append(arg.Progress, p.percent)
		arg.Stages = append(arg.Stages, truncate(storable(p.stage), 100))
	}
	if len(arg.Ids) == 0 {
		return nil
	}
	return t.q.QueueProgress(ctx, t.db, arg)
}
