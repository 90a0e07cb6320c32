package generation

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/events"
	"son1k/internal/provider"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// Handler does the work of a generation, in a worker process.
type Handler struct {
	pool     *pgxpool.Pool
	q        *queries.Queries
	events   *events.Publisher
	links    *Links
	provider provider.Provider
	log      *slog.Logger
}

// HandlerDeps are what a Handler works with; all are required.
type HandlerDeps struct {
	Pool     *pgxpool.Pool
	Events   *events.Publisher
	Links    *Links
	Provider provider.Provider
	Log      *slog.Logger
}

// NewHandler returns the queue handler of generations.
func NewHandler(d HandlerDeps) queue.Handler {
	h := &Handler{pool: d.Pool, q: queries.New(), events: d.Events, links: d.Links, provider: d.Provider, log: d.Log}
	return queue.Handler{
		Kind:     Kind,
		Work:     h.work,
		Ended:    h.ended,
		Retrying: h.retrying,
		Timeout:  30 * time.Minute,
	}
}

// checkpoint is what the job keeps for the attempts that may follow.
type checkpoint struct {
	Step   string `json:"step"` // submitted or storing
	TaskID string `json:"taskId"`
}

// work is one attempt.
func (h *Handler) work(ctx context.Context, job *queue.Job) error {
	id, err := uuid.Parse(job.Key)
	if err != nil {
		return queue.Permanent(fmt.Errorf("job key: %w", err))
	}
	g, err := h.begin(ctx, job, id)
	if isNoRows(err) {
		return nil // deleted or cancelled before anybody took the job
	}
	if err != nil {
		return err
	}
	g, err = h.submit(ctx, job, g)
	if err != nil {
		return classify(err)
	}
	d := newDelivery(h, job, g)
	result, err := d.run(ctx)
	if err != nil {
		return classify(err)
	}
	return h.finish(ctx, job, g, result)
}

// begin marks the generation as processing and says so.
func (h *Handler) begin(ctx context.Context, job *queue.Job, id uuid.UUID) (g queries.Generation, err error) {
	var event events.Event
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		g, err = h.q.GenerationBegin(ctx, tx, queries.GenerationBeginParams{
			ID: id, Attempt: int16(job.Attempt), Reopen: job.Redriven > 0 && job.Attempt == 1,
		})
		if err != nil {
			return err
		}
		event, err = h.events.AppendTx(ctx, tx, Topic(g.UserID), eventProgress, progressOf(g, nil))
		return err
	})
	if err == nil {
		h.events.Publish(event)
	}
	return g, err
}

// storeTimeout is how long the provider's task id may take to be stored.
const storeTimeout = 30 * time.Second

// submit orders the song, unless an earlier attempt has, and stores the task
// id before anything else. From the provider's answer on, cancelling does not
// interrupt it: the order has been paid for.
func (h *Handler) submit(ctx context.Context, job *queue.Job, g queries.Generation) (queries.Generation, error) {
	if g.ProviderTaskID != nil {
		return g, nil
	}
	taskID, err := h.provider.Submit(ctx, request(g))
	if err != nil {
		return g, err
	}
	name := h.provider.Name()
	h.log.InfoContext(ctx, "song ordered", "generation", g.ID, "provider", name, "task", taskID, "job", job.ID, "attempt", job.Attempt)
	g.Provider, g.ProviderTaskID = &name, &taskID

	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if err := job.SaveCheckpoint(ctx, tx, checkpoint{Step: "submitted", TaskID: taskID}); err != nil {
			return err
		}
		_, err := h.q.GenerationSubmitted(ctx, tx, queries.GenerationSubmittedParams{ID: g.ID, Provider: &name, ProviderTaskID: &taskID})
		return err
	})
	return g, err
}

func request(g queries.Generation) provider.Request {
	r := provider.Request{
		Prompt: g.Prompt, Style: g.Style, Instrumental: g.Instrumental,
		Duration: time.Duration(g.DurationS) * time.Second, Quality: g.Quality, Seed: g.Seed,
	}
	if g.Title != nil {
		r.Title = *g.Title
	}
	if g.Lyrics != nil {
		r.Lyrics = *g.Lyrics
	}
	return r
}

// completed is the data of a completion event.
type completed struct {
	GenerationID uuid.UUID `json:"generationId"`
	AudioURL     string    `json:"audioUrl"`
	Status       string    `json:"status"`
	Duration     float64   `json:"duration"` // seconds
	Title        string    `json:"title"`
}

// finish completes job and generation and logs the event, all or nothing.
func (h *Handler) finish(ctx context.Context, job *queue.Job, g queries.Generation, r provider.Result) error {
	if len(r.Clips) == 0 {
		return queue.Permanent(&provider.Error{Kind: provider.Contract, Message: "The provider delivered no audio."})
	}
	metadata, err := json.Marshal(r.Metadata)
	if err != nil || r.Metadata == nil {
		metadata = []byte("{}")
	}
	var event events.Event
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		if err := job.CompleteTx(ctx, tx, map[string]any{"clips": len(r.Clips)}); err != nil {
			return err
		}
		g, err = h.q.GenerationComplete(ctx, tx, queries.GenerationCompleteParams{ID: g.ID, Title: &r.Title, Metadata: metadata})
		if isNoRows(err) {
			return queue.ErrCancelled
		}
		if err != nil {
			return err
		}
		if err := h.finishClips(ctx, tx, g.ID, r.Clips); err != nil {
			return err
		}
		event, err = h.events.AppendTx(ctx, tx, Topic(g.UserID), eventComplete, completed{
			GenerationID: g.ID, AudioURL: h.links.Audio(g.ID, 0, *g.FinishedAt), Status: string(g.Status),
			Duration: r.Clips[0].Duration.Round(10 * time.Millisecond).Seconds(), Title: r.Title,
		})
		return err
	})
	if err == nil {
		h.events.Publish(event)
	}
	return err
}

func (h *Handler) finishClips(ctx context.Context, tx pgx.Tx, id uuid.UUID, clips []provider.Clip) error {
	for n, c := range clips {
		ms := int32(c.Duration.Milliseconds())
		err := h.q.GenerationClipFinish(ctx, tx, queries.GenerationClipFinishParams{
			GenerationID: id, N: int16(n), DurationMs: &ms, Peaks: c.Peaks,
		})
		if err != nil {
			return fmt.Errorf("finish clip: %w", err)
		}
	}
	return dropClips(ctx, h.q, tx, id, len(clips))
}
