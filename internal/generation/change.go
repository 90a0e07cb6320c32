package generation

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/apperr"
	"son1k/internal/events"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// cancelled is the data of a cancellation or deletion event.
type cancelled struct {
	GenerationID uuid.UUID `json:"generationId"`
	Status       string    `json:"status"`
}

// Cancel stops a generation of the user's; one that is cancelled already stays
// so. It fails with GENERATION_NOT_FOUND, or GENERATION_FINISHED if there is
// nothing left to stop.
func (s *Service) Cancel(ctx context.Context, userID, id uuid.UUID) (View, error) {
	var done undo
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		g, job, err := s.stopJob(ctx, tx, userID, id)
		if err != nil || g.Status == queries.GenerationStatusCancelled {
			return err
		}
		if !live(g.Status) {
			return apperr.New(apperr.Conflict, "GENERATION_FINISHED",
				fmt.Sprintf("The generation has already %s; there is nothing to cancel.", g.Status))
		}
		done, err = s.cancelTx(ctx, tx, g, job)
		return err
	})
	if err != nil {
		return View{}, err
	}
	s.announce(done)
	return s.Get(ctx, userID, id)
}

// stopJob cancels the generation's job, if it has one, and then locks the
// generation. Workers that finish a job lock in the same order, the job first.
func (s *Service) stopJob(ctx context.Context, tx pgx.Tx, userID, id uuid.UUID) (queries.Generation, *queue.Cancelled, error) {
	_, err := s.q.GenerationGet(ctx, tx, queries.GenerationGetParams{ID: id, UserID: userID})
	if isNoRows(err) {
		return queries.Generation{}, nil, errNotFound()
	}
	if err != nil {
		return queries.Generation{}, nil, fmt.Errorf("read generation: %w", err)
	}
	var stopped *queue.Cancelled
	job, err := s.queue.CancelTx(ctx, tx, Queue, id.String())
	switch {
	case err == nil:
		stopped = &job
	case !errors.Is(err, queue.ErrNoJob):
		return queries.Generation{}, nil, err
	}
	g, err := s.lock(ctx, tx, userID, id)
	return g, stopped, err
}

// undo is what a cancelling transaction has to tell after its commit.
type undo struct {
	events []events.Event
	job    *queue.Cancelled
}

func (s *Service) announce(u undo) {
	s.events.Publish(u.events...)
	if u.job != nil {
		s.queue.Announce(*u.job)
	}
}

// cancelTx cancels a live generation whose row the transaction holds.
func (s *Service) cancelTx(ctx context.Context, tx pgx.Tx, g queries.Generation, job *queue.Cancelled) (done undo, err error) {
	done.job = job
	event, err := cancelTx(ctx, s.q, s.events, tx, g)
	done.events = append(done.events, event)
	return done, err
}

// cancelTx cancels a live generation whose row the transaction holds, and
// returns the event that says so.
func cancelTx(ctx context.Context, q *queries.Queries, log *events.Publisher, tx pgx.Tx, g queries.Generation) (events.Event, error) {
	if _, err := q.GenerationCancel(ctx, tx, g.ID); err != nil {
		return events.Event{}, fmt.Errorf("cancel generation: %w", err)
	}
	if err := dropClips(ctx, q, tx, g.ID, 0); err != nil {
		return events.Event{}, err
	}
	if g.ProviderTaskID == nil {
		if err := giveBack(ctx, q, tx, g); err != nil {
			return events.Event{}, err
		}
	}
	return log.AppendTx(ctx, tx, Topic(g.UserID), eventCancelled,
		cancelled{GenerationID: g.ID, Status: string(queries.GenerationStatusCancelled)})
}

// dropClips removes the clips of a generation from number n on, with their
// audio, which an attempt may have written in part.
func dropClips(ctx context.Context, q *queries.Queries, tx pgx.Tx, id uuid.UUID, n int) error {
	err := q.GenerationClipDelete(ctx, tx, queries.GenerationClipDeleteParams{GenerationID: id, FromN: int16(n), ToN: math.MaxInt16})
	if err != nil {
		return fmt.Errorf("delete clips: %w", err)
	}
	return nil
}

// giveBack returns the quota that g was charged, once.
func giveBack(ctx context.Context, q *queries.Queries, tx pgx.Tx, g queries.Generation) error {
	if g.ChargedAt == nil {
		return nil
	}
	err := q.QuotaGiveBack(ctx, tx, queries.QuotaGiveBackParams{UserID: g.UserID, At: *g.ChargedAt})
	if err != nil {
		return fmt.Errorf("give quota back: %w", err)
	}
	return nil
}

// Delete removes a generation of the user's and its songs, cancelling it first
// if it is live. It fails with GENERATION_NOT_FOUND.
func (s *Service) Delete(ctx context.Context, userID, id uuid.UUID) error {
	var done undo
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		g, job, err := s.stopJob(ctx, tx, userID, id)
		if err != nil {
			return err
		}
		if live(g.Status) {
			if done, err = s.cancelTx(ctx, tx, g, job); err != nil {
				return err
			}
		}
		if _, err := s.q.GenerationDelete(ctx, tx, id); err != nil {
			return fmt.Errorf("delete generation: %w", err)
		}
		event, err := s.events.AppendTx(ctx, tx, Topic(userID), eventDeleted, cancelled{GenerationID: id, Status: "deleted"})
		done.events = append(done.events, event)
		return err
	})
	if err == nil {
		s.announce(done)
	}
	return err
}

func live(status queries.GenerationStatus) bool {
	return status == queries.GenerationStatusPending || status == queries.GenerationStatusProcessing
}

// Retry starts a failed or cancelled generation over, at the cost of a new one.
// It fails with GENERATION_NOT_FOUND, GENERATION_NOT_RETRYABLE,
// INSUFFICIENT_TIER or QUOTA_EXCEEDED.
func (s *Service) Retry(ctx context.Context, userID, id uuid.UUID) (Created, error) {
	var (
		answer Created
		event  events.Event
	)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		g, err := s.lock(ctx, tx, userID, id)
		if err != nil {
			return err
		}
		if live(g.Status) || g.Status == queries.GenerationStatusCompleted {
			return apperr.New(apperr.Conflict, "GENERATION_NOT_RETRYABLE",
				fmt.Sprintf("The generation is %s; only a failed or cancelled one can be retried.", g.Status))
		}
		answer, event, err = s.restartTx(ctx, tx, g)
		return err
	})
	if err != nil {
		return Created{}, err
	}
	s.events.Publish(event)
	s.queue.Wake(Queue)
	return answer, nil
}

func (s *Service) restartTx(ctx context.Context, tx pgx.Tx, g queries.Generation) (Created, events.Event, error) {
	// The job of a cancelled attempt may not have let go yet; it keeps the key.
	if _, err := s.queue.Line(ctx, tx, Queue, g.ID.String()); !errors.Is(err, queue.ErrNoJob) {
		if err == nil {
			err = apperr.New(apperr.Conflict, "GENERATION_STOPPING", "The generation is still being stopped. Try again in a moment.")
		}
		return Created{}, events.Event{}, err
	}
	asked := Params{Prompt: g.Prompt, Duration: int(g.DurationS), Quality: g.Quality}
	limits, err := s.takeQuota(ctx, tx, g.UserID, asked, time.Time{})
	if err != nil {
		return Created{}, events.Event{}, err
	}
	g, err = s.q.GenerationRestart(ctx, tx, queries.GenerationRestartParams{ID: g.ID, ChargedAt: limits.Now})
	if err != nil {
		return Created{}, events.Event{}, fmt.Errorf("restart generation: %w", err)
	}
	info, event, err := s.enqueue(ctx, tx, g, limits, "")
	return Created{
		GenerationID: g.ID, TaskID: g.ID, GenerationTaskID: g.ID,
		Status: string(g.Status), Message: "Generation queued again", Queue: info,
	}, event, err
}
