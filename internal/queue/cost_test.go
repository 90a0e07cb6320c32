package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// spy notes the statement that it is asked for.
type spy struct{ sql string }

var errSpied = errors.New("spied")

func (s *spy) Exec(_ context.Context, sql string, _ ...any) (pgconn.CommandTag, error) {
	s.sql = sql
	return pgconn.CommandTag{}, errSpied
}

func (s *spy) Query(_ context.Context, sql string, _ ...any) (pgx.Rows, error) {
	s.sql = sql
	return nil, errSpied
}

func (s *spy) QueryRow(_ context.Context, sql string, _ ...any) pgx.Row {
	panic("not needed: " + sql)
}

// most is how many blocks ten rows may cost that are found, locked, written, and
// entered in three indexes or removed.
const most = 250

// fill makes n jobs wait.
func fill(t *testing.T, conn *pgx.Conn, n int) {
	t.Helper()
	_, err := conn.Exec(t.Context(), `INSERT INTO queue.job (queue, kind, priority, key)
		SELECT 'q', 'k', n % 4, gen_random_uuid() FROM generate_series(1, $1::int) n`, n)
	require.NoError(t, err)
}

// What a claim costs grows neither with the backlog nor with what the planner
// does not know of the table.
func TestClaimCostDoesNotGrowWithTheBacklog(t *testing.T) {
	t.Parallel()
	var claim spy
	_, err := queries.New().QueueClaim(t.Context(), &claim, queries.QueueClaimParams{})
	require.ErrorIs(t, err, errSpied)
	conn := connect(t, pgtest.DSN(t))
	_, err = conn.Exec(t.Context(), "PREPARE claim (uuid, text, text[], integer) AS "+claim.sql)
	require.NoError(t, err)
	for _, more := range []int{1_000, 99_000} {
		fill(t, conn, more)
		for _, analyzed := range []bool{false, true} {
			if analyzed {
				_, err := conn.Exec(t.Context(), "ANALYZE queue.job")
				require.NoError(t, err)
			}
			blocks, plan := explainClaim(t, conn)
			t.Logf("%d more waiting, analyzed %v: %d blocks", more, analyzed, blocks)
			require.LessOrEqual(t, blocks, most, "%d more waiting, analyzed %v: %s", more, analyzed, plan)
		}
	}
}

// A connection that has worked on a short queue often finds a long one.
func TestPlansDoNotOutliveAShortQueue(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.DSN(t))
	q, db, worker := queries.New(), queue.Replanned(conn), uuid.New()
	pass := func(n int) {
		rows, err := q.QueueClaim(t.Context(), db, claimParams(worker, 10))
		require.NoError(t, err)
		require.Len(t, rows, n)
		arg := queries.QueueCompleteParams{WorkerID: worker}
		for i, c := range rows {
			one := queries.QueueCompleteParams{WorkerID: worker, Ids: []int64{c.ID}, Seqs: []int64{c.Seq}, Results: []json.RawMessage{nil}}
			if i < 5 { // some in a batch, some alone
				arg.Ids, arg.Seqs, arg.Results = append(arg.Ids, c.ID), append(arg.Seqs, c.Seq), append(arg.Results, nil)
				continue
			}
			done, err := q.QueueComplete(t.Context(), db, one)
			require.NoError(t, err)
			require.Len(t, done, 1)
		}
		_, err = q.QueueComplete(t.Context(), db, arg)
		require.NoError(t, err)
		_, err = q.QueuePromote(t.Context(), db, 10)
		require.NoError(t, err)
		_, err = q.QueueHeld(t.Context(), db, worker)
		require.NoError(t, err)
	}
	blocks := func() (n int) {
		_, err := conn.Exec(t.Context(), "SELECT pg_stat_force_next_flush()")
		require.NoError(t, err)
		require.NoError(t, conn.QueryRow(t.Context(), `SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read
			FROM pg_statio_user_tables WHERE relid = 'queue.job'::regclass`).Scan(&n))
		return n
	}
	for range 10 { // after five times a prepared statement keeps its plan
		pass(0)
	}
	fill(t, conn, 100_000)
	before := blocks()
	pass(10)
	require.LessOrEqual(t, blocks()-before, 2*most)
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// explainClaim claims ten jobs and rolls back. It returns how many blocks that
// touched.
func explainClaim(t *testing.T, conn *pgx.Conn) (blocks int, plan string) {
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "SET LOCAL plan_cache_mode = force_custom_plan")
	require.NoError(t, err)
	var raw []byte
	err = tx.QueryRow(t.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE claim ('"+uuid.NewString()+"', 'q', '{k}', 10)",
		pgx.QueryExecModeSimpleProtocol).Scan(&raw)
	require.NoError(t, err)
	var parsed []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &parsed))
	require.Len(t, parsed, 1)
	blocks = parsed[0].Plan.Hit + parsed[0].Plan.Read
	require.NotZero(t, blocks)
	return blocks, string(raw)
}
