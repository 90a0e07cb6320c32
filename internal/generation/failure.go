package generation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/events"
	"son1k/internal/provider"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// failed is the data of a failure event.
type failed struct {
	GenerationID uuid.UUID `json:"generationId"`
	Error        string    `json:"error"`
	Code         string    `json:"code"`
	Status       string    `json:"status"`
}

// ended runs in the transaction that ends a job without a song. For a job that
// failed for good it fails the generation, gives the quota back and says so. A
// cancelled one has been dealt with if its owner cancelled it; if an operator did,
// it is here.
func (h *Handler) ended(ctx context.Context, tx pgx.Tx, job *queue.Job, outcome queue.Outcome, cause error) (func(), error) {
	id, err := uuid.Parse(job.Key)
	if err != nil {
		return nil, nil //nolint:nilerr // a job with such a key has no generation
	}
	g, err := h.q.GenerationLockAny(ctx, tx, id)
	if isNoRows(err) || (err == nil && !live(g.Status)) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if outcome == queue.CancelledOut {
		event, err := cancelTx(ctx, h.q, h.events, tx, g)
		return func() { h.events.Publish(event) }, err
	}
	return h.fail(ctx, tx, g, cause)
}

// fail ends a live generation, whose row the transaction holds, without a song.
func (h *Handler) fail(ctx context.Context, tx pgx.Tx, g queries.Generation, cause error) (func(), error) {
	code, message := explain(cause)
	if err := giveBack(ctx, h.q, tx, g); err != nil {
		return nil, err
	}
	if _, err := h.q.GenerationFail(ctx, tx, queries.GenerationFailParams{ID: g.ID, ErrorCode: &code, ErrorMessage: &message}); err != nil {
		return nil, fmt.Errorf("fail generation: %w", err)
	}
	if err := dropClips(ctx, h.q, tx, g.ID, 0); err != nil {
		return nil, err
	}
	event, err := h.events.AppendTx(ctx, tx, Topic(g.UserID), eventError, failed{
		GenerationID: g.ID, Error: message, Code: code, Status: string(queries.GenerationStatusFailed),
	})
	return func() { h.events.Publish(event) }, err
}

// retrying tells followers that an attempt failed and another will come.
func (h *Handler) retrying(ctx context.Context, job *queue.Job, _ error, delay time.Duration) {
	id, err := uuid.Parse(job.Key)
	if err != nil {
		return
	}
	var event events.Event
	err = pgx.BeginFunc(ctx, h.pool, func(tx pgx.Tx) error {
		g, err := h.q.GenerationRetrying(ctx, tx, queries.GenerationRetryingParams{ID: id, Attempt: int16(job.Attempt)})
		if err != nil {
			return err
		}
		p := progressOf(g, nil)
		p.Status = "retrying"
		seconds := int(delay.Round(time.Second).Seconds())
		p.EtaSeconds = &seconds
		event, err = h.events.AppendTx(ctx, tx, Topic(g.UserID), eventProgress, p)
		return err
	})
	switch {
	case err == nil:
		h.events.Publish(event)
	case !isNoRows(err):
		h.log.WarnContext(ctx, "generation: cannot tell about the retry", "job", job.ID, "error", err)
	}
}

// classify tells the queue what an error means for further attempts.
func classify(err error) error {
	if provider.Permanent(err) {
		return queue.Permanent(err)
	}
	var e *provider.Error
	if errors.As(err, &e) && e.Kind == provider.RateLimited && e.RetryAfter > 0 {
		return queue.Snooze(e.RetryAfter, err)
	}
	return err
}

// explain gives code and message of a failure, as its owner may see them.
func explain(err error) (code, message string) {
	var e *provider.Error
	if !errors.As(err, &e) {
		return "GENERATION_FAILED", "The song could not be made. Your quota was given back; try again."
	}
	message = e.Message
	if e.Suggestion != "" {
		message += " " + e.Suggestion
	}
	switch e.Kind {
	case provider.Rejected:
		return "CONTENT_REJECTED", message
	case provider.NoCredits, provider.RateLimited, provider.Overloaded, provider.InvalidToken:
		return "PROVIDER_UNAVAILABLE", "The music provider is not available at the moment. Your quota was given back; try again later."
	default:
		return "PROVIDER_ERROR", "The music provider answered something unexpected. Your quota was given back; try again."
	}
}
