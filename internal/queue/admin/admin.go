package admin

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/queries"
)

// Admin reads and steers the queue. It may be used by many goroutines.
type Admin struct {
	pool *pgxpool.Pool
	q    *queries.Queries
}

// New returns an Admin that works over pool.
func New(pool *pgxpool.Pool) *Admin {
	return &Admin{pool: pool, q: queries.New()}
}
