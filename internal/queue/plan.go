package queue

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"son1k/internal/queries"
)

// replanned makes Postgres plan each statement for the table as it is now. The
// plan of a prepared statement stays: made while the queue was short, it is a
// sequential scan, and goes on being one when the queue is long, until somebody
// analyzes the table (documentation of PREPARE).
type replanned struct{ db queries.DBTX }

// mode sends statement and arguments in one round trip, unprepared.
const mode = pgx.QueryExecModeCacheDescribe

func (r replanned) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	return r.db.Exec(ctx, sql, append([]any{mode}, args...)...)
}

func (r replanned) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return r.db.Query(ctx, sql, append([]any{mode}, args...)...)
}

func (r replanned) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return r.db.QueryRow(ctx, sql, append([]any{mode}, args...)...)
}
