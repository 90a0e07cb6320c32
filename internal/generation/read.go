package generation

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/asset"
	"son1k/internal/queries"
)

// Get returns a generation of the user's. It fails with GENERATION_NOT_FOUND.
func (s *Service) Get(ctx context.Context, userID, id uuid.UUID) (View, error) {
	g, err := s.q.GenerationGet(ctx, s.pool, queries.GenerationGetParams{ID: id, UserID: userID})
	if isNoRows(err) {
		return View{}, errNotFound()
	}
	if err != nil {
		return View{}, fmt.Errorf("read generation: %w", err)
	}
	views, err := s.views(ctx, []queries.Generation{g})
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}

// Snapshot returns the state of a generation of the user's as a progress
// event has it, for whoever begins to follow.
func (s *Service) Snapshot(ctx context.Context, userID, id uuid.UUID) (typ string, data any, err error) {
	v, err := s.Get(ctx, userID, id)
	if err != nil {
		return "", nil, err
	}
	p := Progress{
		GenerationID: v.ID, Progress: v.Progress, Status: v.Status, Stage: v.Stage, Message: stageMessage(v.Stage),
		Estimated: v.Estimated, EtaSeconds: v.EtaSeconds, Attempt: v.Attempt,
	}
	if v.Queue != nil {
		p.QueuePosition = &v.Queue.Position
	}
	return eventProgress, p, nil
}

// views adds to rows what other tables know of them.
func (s *Service) views(ctx context.Context, rows []queries.Generation) ([]View, error) {
	var done []uuid.UUID
	for _, g := range rows {
		if g.Status == queries.GenerationStatusCompleted {
			done = append(done, g.ID)
		}
	}
	clips := make(map[uuid.UUID][]queries.GenerationClipsRow)
	if len(done) > 0 {
		all, err := s.q.GenerationClips(ctx, s.pool, done)
		if err != nil {
			return nil, fmt.Errorf("read clips: %w", err)
		}
		for _, c := range all {
			clips[c.GenerationID] = append(clips[c.GenerationID], c)
		}
	}
	now := time.Now()
	views := make([]View, len(rows))
	for i, g := range rows {
		var info *QueueInfo
		if g.Status == queries.GenerationStatusPending {
			var err error
			if info, err = s.queueInfo(ctx, s.pool, g.ID); err != nil {
				return nil, err
			}
		}
		views[i] = s.view(g, clips[g.ID], info, now)
	}
	return views, nil
}

// ListParams selects a page of a user's history. Page counts from 1.
type ListParams struct {
	Page   int
	Limit  int
	Status string // empty: all
	Search string // in prompt, title and style, without case
}

// Page is a page of a user's history, newest first.
type Page struct {
	Generations []View     `json:"generations"`
	Pagination  Pagination `json:"pagination"`
}

// Pagination tells which page of how many.
type Pagination struct {
	Page  int   `json:"page"`
	Limit int   `json:"limit"`
	Total int64 `json:"total"`
	Pages int64 `json:"pages"`
}

// List returns a page of the user's history.
func (s *Service) List(ctx context.Context, userID uuid.UUID, p ListParams) (Page, error) {
	var status *queries.GenerationStatus
	if p.Status != "" {
		st := queries.GenerationStatus(p.Status)
		status = &st
	}
	total, err := s.q.GenerationCount(ctx, s.pool, queries.GenerationCountParams{UserID: userID, Status: status, Search: p.Search})
	if err != nil {
		return Page{}, fmt.Errorf("count generations: %w", err)
	}
	rows, err := s.q.GenerationList(ctx, s.pool, queries.GenerationListParams{
		UserID: userID, Status: status, Search: p.Search, MaxRows: int32(p.Limit), SkipRows: int32((p.Page - 1) * p.Limit),
	})
	if err != nil {
		return Page{}, fmt.Errorf("list generations: %w", err)
	}
	views, err := s.views(ctx, rows)
	if err != nil {
		return Page{}, err
	}
	return Page{Generations: views, Pagination: Pagination{
		Page: p.Page, Limit: p.Limit, Total: total, Pages: (total + int64(p.Limit) - 1) / int64(p.Limit),
	}}, nil
}

// Audio is a song to be served.
type Audio struct {
	*asset.File
	Title string
}

// Audio opens clip n of a completed generation, for its owner (userID) or for
// whoever has a signed link. It fails with GENERATION_NOT_FOUND or
// AUDIO_NOT_FOUND.
func (s *Service) Audio(ctx context.Context, id uuid.UUID, n int, userID uuid.UUID, signature string) (Audio, error) {
	row, err := s.q.GenerationClip(ctx, s.pool, queries.GenerationClipParams{ID: id, N: int16(n)})
	found := err == nil
	if err != nil && !isNoRows(err) {
		return Audio{}, fmt.Errorf("read clip: %w", err)
	}
	allowed := s.links.Check(id, n, signature, time.Now()) || (found && userID != uuid.Nil && row.UserID == userID)
	if !found || !allowed {
		return Audio{}, apperr.New(apperr.NotFound, "AUDIO_NOT_FOUND",
			"There is no such song, it is not finished, or the link has expired. Read the generation again for a fresh link.")
	}
	file, err := asset.Open(ctx, s.pool, row.AssetID)
	if errors.Is(err, asset.ErrNotFound) {
		return Audio{}, errNotFound()
	}
	if err != nil {
		return Audio{}, err
	}
	audio := Audio{File: file}
	if row.Title != nil {
		audio.Title = *row.Title
	}
	return audio, nil
}
