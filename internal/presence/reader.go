package presence

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/queries"
)

// Reader answers who is where. Any process can have one.
type Reader struct {
	pool *pgxpool.Pool
	q    *queries.Queries
}

// NewReader returns a Reader that asks through pool.
func NewReader(pool *pgxpool.Pool) *Reader { return &Reader{pool: pool, q: queries.New()} }

// List returns who is at each of the places, with at most most infos each.
func (r *Reader) List(ctx context.Context, scopes []string, most int) ([]Place, error) {
	rows, err := r.q.PresenceList(ctx, r.pool, queries.PresenceListParams{Scopes: scopes, MaxMembers: int32(most)})
	if err != nil {
		return nil, fmt.Errorf("presence: list: %w", err)
	}
	places := make([]Place, len(rows))
	for i, row := range rows {
		places[i] = Place{Scope: row.Scope, Total: int(row.Total), Infos: row.Infos}
	}
	return places, nil
}

// Seat is a place where a subject is, and what others are shown of the subject there.
type Seat struct {
	Scope string
	Info  json.RawMessage
}

// Where returns the places where a subject is, at most 100.
func (r *Reader) Where(ctx context.Context, subject string) ([]Seat, error) {
	rows, err := r.q.PresenceWhere(ctx, r.pool, subject)
	if err != nil {
		return nil, fmt.Errorf("presence: where: %w", err)
	}
	seats := make([]Seat, len(rows))
	for i, row := range rows {
		seats[i] = Seat{Scope: row.Scope, Info: row.Info}
	}
	return seats, nil
}
