package generation

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/apperr"
	"son1k/internal/events"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// Created is the answer to a new generation.
type Created struct {
	GenerationID uuid.UUID  `json:"generationId"`
	Status       string     `json:"status"`
	Message      string     `json:"message"`
	Queue        *QueueInfo `json:"queue"`
	// Older clients read the id from these.
	TaskID           uuid.UUID `json:"taskId"`
	GenerationTaskID uuid.UUID `json:"generationTaskId"`
}

// CreateOptions are about the request rather than the song.
type CreateOptions struct {
	IdempotencyKey string // empty: none
	Traceparent    string
	// At stands in for the database's clock in tests of the quota's periods.
	At time.Time
}

// Create queues a new generation. It fails with INVALID_PROMPT,
// VALIDATION_ERROR, INSUFFICIENT_TIER, QUOTA_EXCEEDED or
// IDEMPOTENCY_KEY_REUSED. With an idempotency key that was used for the same
// request within 24 hours it changes nothing and answers as it did then.
func (s *Service) Create(ctx context.Context, userID uuid.UUID, p Params, opt CreateOptions) (Created, error) {
	if err := p.normalize(); err != nil {
		return Created{}, err
	}
	var (
		answer   Created
		replayed bool
		event    events.Event
	)
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		answer, replayed, err = s.claimKey(ctx, tx, userID, p, opt.IdempotencyKey)
		if err != nil || replayed {
			return err
		}
		answer, event, err = s.createTx(ctx, tx, userID, p, opt)
		if err != nil || opt.IdempotencyKey == "" {
			return err
		}
		return s.keepAnswer(ctx, tx, userID, opt.IdempotencyKey, answer)
	})
	if err != nil || replayed {
		return answer, err
	}
	s.events.Publish(event)
	s.queue.Wake(Queue)
	return answer, nil
}

func (s *Service) createTx(ctx context.Context, tx pgx.Tx, userID uuid.UUID, p Params, opt CreateOptions) (Created, events.Event, error) {
	limits, err := s.takeQuota(ctx, tx, userID, p, opt.At)
	if err != nil {
		return Created{}, events.Event{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Created{}, events.Event{}, err
	}
	seed := rand.Int64N(1 << 53) // survives JavaScript
	if p.Seed != nil {
		seed = *p.Seed
	}
	g, err := s.q.GenerationInsert(ctx, tx, queries.GenerationInsertParams{
		ID: id, UserID: userID, Prompt: p.Prompt, Style: p.Style, Title: optional(p.Title), Lyrics: optional(p.Lyrics),
		Instrumental: p.Instrumental, DurationS: int32(p.Duration), Quality: p.Quality, Seed: seed, ChargedAt: limits.Now,
	})
	if err != nil {
		return Created{}, events.Event{}, fmt.Errorf("insert generation: %w", err)
	}
	info, event, err := s.enqueue(ctx, tx, g, limits, opt.Traceparent)
	return Created{
		GenerationID: id, TaskID: id, GenerationTaskID: id,
		Status: string(g.Status), Message: "Generation queued successfully", Queue: info,
	}, event, err
}

// takeQuota checks p against the user's tier and takes one generation off the
// quota. The Now of its result is the time that was charged.
func (s *Service) takeQuota(ctx context.Context, tx pgx.Tx, userID uuid.UUID, p Params, at time.Time) (queries.GenerationLimitsRow, error) {
	limits, err := s.q.GenerationLimits(ctx, tx, userID)
	if isNoRows(err) {
		return limits, apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", "This account does not exist any more.")
	}
	if err != nil {
		return limits, fmt.Errorf("read limits: %w", err)
	}
	if err := p.allowed(limits.Tier, int(limits.MaxDurationS), limits.BestQuality); err != nil {
		return limits, err
	}
	if !at.IsZero() {
		limits.Now = at
	}
	taken, err := s.q.QuotaTake(ctx, tx, queries.QuotaTakeParams{At: limits.Now, UserID: userID})
	if err != nil {
		return limits, fmt.Errorf("take quota: %w", err)
	}
	switch {
	case !slices.Contains(taken, "month"):
		return limits, apperr.New(apperr.Forbidden, "QUOTA_EXCEEDED",
			fmt.Sprintf("The %d generations of this month are used up. It starts anew on the first of next month (UTC); upgrade for more.", limits.Monthly))
	case !slices.Contains(taken, "day"):
		return limits, apperr.New(apperr.Forbidden, "QUOTA_EXCEEDED",
			fmt.Sprintf("The %d generations of today are used up. The next day starts at midnight UTC; upgrade for more.", limits.Daily))
	}
	return limits, nil
}

// enqueue adds the generation's job and logs that it is pending.
func (s *Service) enqueue(ctx context.Context, tx pgx.Tx, g queries.Generation, limits queries.GenerationLimitsRow, traceparent string) (*QueueInfo, events.Event, error) {
	_, _, err := s.queue.EnqueueTx(ctx, tx, queue.Params{
		Queue: Queue, Kind: Kind, Key: g.ID.String(), Priority: limits.QueuePriority, Traceparent: traceparent,
		ConcurrencyKey: g.UserID.String(), ConcurrencyLimit: int16(min(limits.MaxRunning, math.MaxInt16)),
	})
	if err != nil {
		return nil, events.Event{}, err
	}
	info, err := s.queueInfo(ctx, tx, g.ID)
	if err != nil {
		return nil, events.Event{}, err
	}
	event, err := s.events.AppendTx(ctx, tx, Topic(g.UserID), eventProgress, progressOf(g, info))
	return info, event, err
}

// claimKey makes an idempotency key this request's, or finds the answer that
// it was given before.
func (s *Service) claimKey(ctx context.Context, tx pgx.Tx, userID uuid.UUID, p Params, key string) (answer Created, replayed bool, err error) {
	if key == "" {
		return answer, false, nil
	}
	if problem := textProblem(key, 200, false); problem != "" {
		return answer, false, apperr.InvalidFields(apperr.Field{Field: "Idempotency-Key", Message: problem})
	}
	body, err := json.Marshal(p)
	if err != nil {
		return answer, false, err
	}
	sum := sha256.Sum256(body)
	_, err = s.q.IdempotencyClaim(ctx, tx, queries.IdempotencyClaimParams{UserID: userID, Key: key, BodySha256: sum[:]})
	if !isNoRows(err) {
		return answer, false, err
	}
	was, err := s.q.IdempotencyGet(ctx, tx, queries.IdempotencyGetParams{UserID: userID, Key: key})
	if err != nil {
		return answer, false, fmt.Errorf("read idempotency key: %w", err)
	}
	if !slices.Equal(was.BodySha256, sum[:]) {
		return answer, false, apperr.New(apperr.Unprocessable, "IDEMPOTENCY_KEY_REUSED",
			"This Idempotency-Key was used for another request. Use a new key for each new song.")
	}
	return answer, true, json.Unmarshal(was.Response, &answer)
}

func (s *Service) keepAnswer(ctx context.Context, tx pgx.Tx, userID uuid.UUID, key string, answer Created) error {
	raw, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	return s.q.IdempotencyAnswer(ctx, tx, queries.IdempotencyAnswerParams{UserID: userID, Key: key, Response: raw})
}

// Upkeep forgets expired idempotency keys.
func (s *Service) Upkeep(ctx context.Context) error {
	_, err := s.q.IdempotencyPrune(ctx, s.pool)
	return err
}

func isNoRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
