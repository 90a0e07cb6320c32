package room

import (
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/events"
	"son1k/internal/queries"
)

// Limits of a room and its fields, texts in characters. The schema has the
// same, and that of members: 5000.
const (
	MaxName        = 100
	MaxDescription = 500
	MaxMessage     = 4000
	MaxOwned       = 100 // rooms that one person may create or take over

	maxMembers     = 200 // shown with a room
	maxMembersEach = 20  // shown with each room of a list
	maxInvitations = 200 // shown, the newest
)

// Deps are what a Service works with; all are required.
type Deps struct {
	Pool   *pgxpool.Pool
	Events *events.Publisher
	Log    *slog.Logger
}

// Service holds the use cases around rooms. It is safe for concurrent use.
type Service struct {
	pool   *pgxpool.Pool
	q      *queries.Queries
	events *events.Publisher
	log    *slog.Logger
}

// New returns a Service.
func New(d Deps) *Service {
	return &Service{pool: d.Pool, q: queries.New(), events: d.Events, log: d.Log}
}

// Topic is the event topic of a room.
func Topic(roomID uuid.UUID) string { return "room:" + roomID.String() }

// userTopic is the event topic of a person.
func userTopic(userID uuid.UUID) string { return "user:" + userID.String() }
