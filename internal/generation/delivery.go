package generation

import (
	"context"
	"io"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/asset"
	"son1k/internal/provider"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// The provider's own progress fills this part of the bar.
const (
	progressSubmitted = 10
	progressDelivered = 95
)

// tick limits how often progress is written and sent: 4 times a second.
const tick = 250 * time.Millisecond

// delivery is one attempt's reception of a song. It implements
// provider.Delivery.
type delivery struct {
	*Handler
	job *queue.Job
	g   queries.Generation

	began time.Time

	mu     sync.Mutex
	latest provider.Update
	fresh  bool
	wake   chan struct{}
}

func newDelivery(h *Handler, job *queue.Job, g queries.Generation) *delivery {
	return &delivery{Handler: h, job: job, g: g, began: time.Now(), wake: make(chan struct{}, 1)}
}

// run lets the provider deliver, while progress goes out beside it.
func (d *delivery) run(ctx context.Context) (provider.Result, error) {
	reportCtx, stop := context.WithCancel(ctx)
	var reporter sync.WaitGroup
	reporter.Go(func() { d.report(reportCtx) })
	defer reporter.Wait()
	defer stop()
	return d.provider.Deliver(ctx, *d.g.ProviderTaskID, request(d.g), d)
}

// Progress implements provider.Delivery.
func (d *delivery) Progress(u provider.Update) {
	d.mu.Lock()
	d.latest, d.fresh = u, true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// report sends the latest progress at once, and then at most once a tick.
func (d *delivery) report(ctx context.Context) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-d.wake:
		}
		d.mu.Lock()
		u, fresh := d.latest, d.fresh
		d.fresh = false
		d.mu.Unlock()
		if fresh {
			d.write(ctx, u)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// write puts progress on the generation's row, for whoever comes later, and
// sends it to those who follow.
func (d *delivery) write(ctx context.Context, u provider.Update) {
	percent := progressSubmitted + (progressDelivered-progressSubmitted)*min(max(u.Percent, 0), 100)/100
	d.job.SetProgress(int(percent), u.Stage) // for whoever looks at the queue
	progress, err := d.q.GenerationProgress(ctx, d.pool, queries.GenerationProgressParams{
		ID: d.g.ID, Attempt: int16(d.job.Attempt), Progress: int16(percent), Stage: u.Stage, Estimated: u.Estimated,
	})
	if err != nil {
		if ctx.Err() == nil && !isNoRows(err) {
			d.log.WarnContext(ctx, "generation: cannot write progress", "generation", d.g.ID, "error", err)
		}
		return
	}
	g := d.g
	g.Progress, g.Stage, g.Estimated = progress, u.Stage, u.Estimated
	p := progressOf(g, nil)
	p.EtaSeconds = remaining(time.Since(d.began), u.Percent)
	if err := d.events.Ephemeral(Topic(g.UserID), g.ID.String(), eventProgress, p); err != nil {
		d.log.WarnContext(ctx, "generation: cannot send progress", "generation", d.g.ID, "error", err)
	}
}

// remaining extrapolates from the time that percent of the work took; nil
// while that says little.
func remaining(took time.Duration, percent float64) *int {
	if percent < 2 || took < time.Second/2 {
		return nil
	}
	seconds := int(math.Ceil(took.Seconds() * (100 - percent) / percent))
	return &seconds
}

// Clip implements provider.Delivery. Making the clip is fenced: an attempt that
// has lost its job cannot replace the clip of the one that has it.
func (d *delivery) Clip(ctx context.Context, index int, contentType string) (io.WriteCloser, error) {
	assetID, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	err = pgx.BeginFunc(ctx, d.pool, func(tx pgx.Tx) error {
		if err := d.job.SaveCheckpoint(ctx, tx, checkpoint{Step: "storing", TaskID: *d.g.ProviderTaskID}); err != nil {
			return err
		}
		err := d.q.GenerationClipDelete(ctx, tx, queries.GenerationClipDeleteParams{
			GenerationID: d.g.ID, FromN: int16(index), ToN: int16(index),
		})
		if err != nil {
			return err
		}
		if err := asset.CreateTx(ctx, tx, assetID, contentType); err != nil {
			return err
		}
		return d.q.GenerationClipInsert(ctx, tx, queries.GenerationClipInsertParams{
			GenerationID: d.g.ID, N: int16(index), AssetID: assetID,
		})
	})
	if err != nil {
		return nil, err
	}
	return asset.NewWriter(ctx, d.pool, assetID), nil
}
