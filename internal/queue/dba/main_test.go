package dba_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	reader   = "son1k_reader"
	operator = "son1k_operator"
	app      = "son1k_app"
)

// querier is a pool or a connection.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// as returns a connection to the database of the pool that acts as a role.
func as(t *testing.T, pool *pgxpool.Pool, role string) *pgx.Conn {
	t.Helper()
	conn := connect(t, pool)
	exec(t, conn, "SET ROLE "+pgx.Identifier{role}.Sanitize())
	return conn
}

func connect(t *testing.T, pool *pgxpool.Pool) *pgx.Conn {
	t.Helper()
	conn, err := pgx.ConnectConfig(t.Context(), pool.Config().ConnConfig.Copy())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) }) //nolint:errcheck // nothing to lose
	return conn
}

func exec(t *testing.T, db querier, sql string, args ...any) {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	rows.Close()
	require.NoError(t, rows.Err(), sql)
}

// one returns the only column of the only row.
func one[T any](t *testing.T, db querier, sql string, args ...any) T {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	value, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	require.NoError(t, err, sql)
	return value
}

// all returns the only column of all rows.
func all[T any](t *testing.T, db querier, sql string, args ...any) []T {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	require.NoError(t, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	require.NoError(t, err, sql)
	return values
}

// fails returns the error of a statement that must not succeed.
func fails(t *testing.T, db querier, sql string, args ...any) error {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, args...)
	if err == nil {
		rows.Close()
		err = rows.Err()
	}
	require.Error(t, err, sql)
	return err
}

// worker registers a live worker.
func worker(t *testing.T, db querier, queue string, kinds ...string) uuid.UUID {
	t.Helper()
	return one[uuid.UUID](t, db, `
		INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency)
		VALUES (gen_random_uuid(), 'host', 1, 'test', $1, $2, 5) RETURNING id`, queue, kinds)
}

// hook says whether the handler of a kind wants to know of its jobs' ends.
func hook(t *testing.T, db querier, queue, kind string, has bool) {
	t.Helper()
	exec(t, db, "INSERT INTO queue.kind (queue, kind, has_hook) VALUES ($1, $2, $3)", queue, kind, has)
}

// run lets a worker take a job.
func run(t *testing.T, db querier, id int64, by uuid.UUID) {
	t.Helper()
	require.Equal(t, id, one[int64](t, db, `
		UPDATE queue.job SET state = 'running', worker_id = $2, claim_no = 1, attempt = attempt + 1, started_at = clock_timestamp()
		WHERE id = $1 AND state = 'waiting' RETURNING id`, id, by))
}

// finish lets the worker that runs a job end it; message is for a failed one.
func finish(t *testing.T, db querier, id int64, outcome string, message *string) {
	t.Helper()
	require.Equal(t, id, one[int64](t, db, `
		SELECT f FROM queue.job j, queue.finish(j.worker_id, ARRAY[j.id], ARRAY[j.seq], ARRAY[NULL::jsonb], $2::queue.outcome, $3) f
		WHERE j.id = $1`, id, outcome, message))
}

// fail enqueues a job and lets it fail.
func fail(t *testing.T, db querier, queue, kind, key, message string) int64 {
	t.Helper()
	id := one[int64](t, db, "SELECT id FROM queue.enqueue($1, $2, key => nullif($3, ''))", queue, kind, key)
	run(t, db, id, worker(t, db, queue, kind))
	finish(t, db, id, "failed", &message)
	return id
}

// listener receives what workers listen to.
type listener struct{ conn *pgx.Conn }

func listen(t *testing.T, pool *pgxpool.Pool) listener {
	t.Helper()
	conn := connect(t, pool)
	exec(t, conn, "LISTEN son1k_queue")
	return listener{conn}
}

// heard returns all that has been said since it was called last.
func (l listener) heard(t *testing.T) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	const end = "that is all" // arrives after all that was committed before
	exec(t, l.conn, "SELECT pg_notify('son1k_queue', $1)", end)
	messages := []string{}
	for {
		n, err := l.conn.WaitForNotification(ctx)
		require.NoError(t, err)
		if n.Payload == end {
			return messages
		}
		messages = append(messages, n.Payload)
	}
}
