package generation

import (
	"context"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/apperr"
	"son1k/internal/events"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// Service holds the use cases of people. It is safe for concurrent use.
type Service struct {
	pool     *pgxpool.Pool
	q        *queries.Queries
	queue    *queue.Client
	events   *events.Publisher
	links    *Links
	log      *slog.Logger
	estimate *estimator
}

// Deps are what a Service works with; all are required.
type Deps struct {
	Pool   *pgxpool.Pool
	Queue  *queue.Client
	Events *events.Publisher
	Links  *Links
	Log    *slog.Logger
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{
		pool: d.Pool, q: queries.New(), queue: d.Queue, events: d.Events, links: d.Links, log: d.Log,
		estimate: &estimator{queue: d.Queue},
	}
}

// errNotFound is the answer for ids that do not exist and for those of others.
func errNotFound() error {
	return apperr.New(apperr.NotFound, "GENERATION_NOT_FOUND", "There is no such generation, or it is not yours.")
}

// Topic is the event topic of a user's generations.
func Topic(userID uuid.UUID) string { return "user:" + userID.String() }

// lock reads a generation of the user's and holds its row until the commit.
func (s *Service) lock(ctx context.Context, tx pgx.Tx, userID, id uuid.UUID) (queries.Generation, error) {
	g, err := s.q.GenerationLock(ctx, tx, queries.GenerationLockParams{ID: id, UserID: userID})
	if isNoRows(err) {
		return g, errNotFound()
	}
	return g, err
}
