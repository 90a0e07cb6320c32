package queue_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// scale is a number that make chaos raises to its full value.
func scale(short, full int) int {
	if os.Getenv("SON1K_CHAOS") == "full" {
		return full
	}
	return short
}

// most is how many blocks ten rows may cost that are found, locked, written, and
// entered in the indexes or removed.
const most = 400

// gauge tells what the statements of the engine cost on one connection, whose plans
// were made while the queue was empty.
type gauge struct {
	*rig
	conn   *pgx.Conn
	marks  *queue.Marks
	worker uuid.UUID
}

func newGauge(t *testing.T) *gauge {
	r := setup(t)
	g := &gauge{rig: r, conn: connect(t, r.pool.Config().ConnString()), marks: queue.NewMarks(0, 1, 2, 3), worker: r.register(-24 * time.Hour)}
	r.exec("INSERT INTO queue.queue (name) VALUES ($1)", queueName)
	for range 10 { // Postgres settles for a plan after five times
		g.costs()
	}
	return g
}

func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// fill makes n jobs wait, in four priorities.
func (g *gauge) fill(n int) {
	g.Helper()
	g.exec(`INSERT INTO queue.job (queue, kind, priority, by_hand)
		SELECT 'q', 'k', n % 4, false FROM generate_series(1, $1::int) n`, n)
}

// explain runs a statement in a transaction that it rolls back, after others, and
// returns how many blocks it touched.
func (g *gauge) explain(sql string, args []any, before ...string) int {
	g.Helper()
	tx, err := g.conn.Begin(g.Context())
	require.NoError(g, err)
	defer tx.Rollback(context.WithoutCancel(g.Context()))
	for _, b := range before {
		_, err := tx.Exec(g.Context(), b)
		require.NoError(g, err)
	}
	var raw []byte
	require.NoError(g, tx.QueryRow(g.Context(), "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql, args...).Scan(&raw))
	var parsed []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	require.NoError(g, json.Unmarshal(raw, &parsed))
	require.Len(g, parsed, 1)
	return parsed[0].Plan.Hit + parsed[0].Plan.Read
}

// claimSQL takes ten jobs for a worker, from the marks on.
func (g *gauge) claimSQL(worker uuid.UUID) (string, []any) {
	priorities, from := g.marks.Arrays()
	return "SELECT * FROM queue.claim($1, 1, 'q', '{k}', 10, 0, $2, $3)", []any{worker, priorities, from}
}

// costs are the blocks that each statement touches for ten jobs.
func (g *gauge) costs() map[string]int {
	g.Helper()
	ctx := g.Context()
	for range 2 { // the first leaves a candidate, which the second looks at closely
		require.NoError(g, g.marks.Move(ctx, g.q, g.pool, queueName, -time.Second))
	}
	priorities, from := g.marks.Arrays()
	costs := make(map[string]int)
	sql, args := g.claimSQL(g.worker)
	costs["claim"] = g.explain(sql, args)
	costs["scout"] = g.explain("SELECT * FROM queue.scout('q', $1, $2)", []any{priorities, from})
	costs["horizon"] = g.explain("SELECT * FROM queue.horizon(true)", nil)

	// Ten that run: to be completed, to be rescued.
	dead := g.register(0)
	sql, args = g.claimSQL(dead)
	rows, err := g.conn.Query(ctx, "SELECT id, seq FROM ("+sql+") c", args...)
	require.NoError(g, err)
	var ids, seqs []int64
	for rows.Next() {
		var id, seq int64
		require.NoError(g, rows.Scan(&id, &seq))
		ids, seqs = append(ids, id), append(seqs, seq)
	}
	require.NoError(g, rows.Err())
	costs["complete"] = g.explain("SELECT queue.finish($1, $2, $3, $4, 'completed', NULL)", []any{dead, ids, seqs, make([]json.RawMessage, len(ids))})
	costs["held"] = g.explain("SELECT id FROM queue.job WHERE worker_id = $1 AND claim_no >= 1 AND state = 'running'", []any{dead})
	g.exec("UPDATE queue.worker SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", dead)
	costs["rescue"] = g.explain("SELECT * FROM queue.rescue('1 minute')", nil)
	g.exec("SELECT queue.finish($1, $2, $3, $4, 'completed', NULL)", dead, ids, seqs, make([]json.RawMessage, len(ids)))
	g.exec("DELETE FROM queue.worker WHERE id = $1", dead)

	costs["promote"] = g.explain("SELECT * FROM queue.promote('q', now() - interval '1 minute', 10)", nil,
		"INSERT INTO queue.job (queue, kind, run_at, state, by_hand) SELECT 'q', 'k', now() - interval '1 ms', 'scheduled', false FROM generate_series(1, 10)")
	costs["unblock"] = g.explain("SELECT queue.unblock('q', 'somebody')", nil,
		`INSERT INTO queue.job (queue, kind, concurrency_key, concurrency_limit, by_hand) SELECT 'q', 'k', 'somebody', 1, false FROM generate_series(1, 10)`,
		"UPDATE queue.job SET state = 'scheduled' WHERE concurrency_key = 'somebody' AND state = 'waiting'")
	costs["stats"] = g.explain("SELECT * FROM queue.stats WHERE queue = 'q'", nil) / 10 // it may count up to ten thousand of each priority
	return costs
}

func (g *gauge) require(what string) {
	g.Helper()
	costs := g.costs()
	g.Logf("%s: %v", what, costs)
	for name, blocks := range costs {
		require.LessOrEqual(g, blocks, most, "%s: %s", what, name)
	}
	require.Greater(g, costs["claim"], 20, "ten jobs were claimed")
}

// What a statement costs grows neither with the backlog nor with the history nor with
// what the planner does not know of the table, on a connection that has worked on
// a short queue.
func TestCostDoesNotGrowWithBacklogAndHistory(t *testing.T) {
	t.Parallel()
	g := newGauge(t)
	g.fill(1000)
	g.require("1,000 waiting")
	n := scale(100_000, 1_000_000)
	g.fill(n - 1000)
	g.exec(`INSERT INTO queue.job (queue, kind, run_at, state, by_hand)
		SELECT 'q', 'k', now() + n * interval '1 s', 'scheduled', false FROM generate_series(1, 1000) n`)
	g.require(fmt.Sprint(n, " waiting"))
	g.exec("ANALYZE queue.job")
	g.require(fmt.Sprint(n, " waiting, analyzed"))
	n = scale(200_000, 10_000_000)
	g.exec(`INSERT INTO queue.job_history (id, outcome, finished_at, created_at, run_at, started_at, priority, attempt, max_attempts, queue, kind, payload)
		SELECT n, CASE WHEN n % 100 = 0 THEN 'failed' ELSE 'completed' END::queue.outcome, now() - n * interval '0.2 ms', now(), now(), now(), n % 4, 1, 3, 'q', 'k', '{}'
		FROM generate_series(1, $1::int) n`, n)
	g.require(fmt.Sprint(n, " in the history"))
}

// Somebody has forgotten to end a transaction, which has an xid and a snapshot:
// nothing that has been deleted since can be removed.
func TestCostDoesNotGrowUnderAPinnedHorizon(t *testing.T) {
	t.Parallel()
	g := newGauge(t)
	forgotten, err := g.pool.BeginTx(t.Context(), pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	require.NoError(t, err)
	defer forgotten.Rollback(context.WithoutCancel(t.Context()))
	_, err = forgotten.Exec(t.Context(), "CREATE TABLE note (); SELECT count(*) FROM queue.job")
	require.NoError(t, err)

	n, done := scale(50_000, 1_000_000), make(chan struct{})
	counted := 0
	w := g.drainer(func() {
		if counted++; counted == n {
			close(done)
		}
	})
	for left := n; left > 0; left -= min(left, 10_000) {
		g.fill(min(left, 10_000))
		w.Wake()
	}
	select {
	case <-done:
	case <-time.After(10 * patience):
		require.FailNow(t, "not done", "%d of %d", counted, n)
	}
	w.Stop()
	g.fill(100)
	g.require(fmt.Sprint("after ", n, " jobs"))

	// The test sees what it is for: without marks a claim is expensive.
	g.marks = queue.NewMarks(0, 1, 2, 3)
	sql, args := g.claimSQL(g.worker)
	require.Greater(t, g.explain(sql, args), 10*most)
}

// drainer starts a worker that takes one job at a time to count them.
func (g *gauge) drainer(count func()) *queue.Worker {
	counts := make(chan struct{}, 1000)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range counts {
			count()
		}
	}()
	w := g.newWorker(work(func(context.Context, *queue.Job) error { counts <- struct{}{}; return nil }),
		func(c *queue.WorkerConfig) { c.Concurrency = 100 })
	require.NoError(g, w.Start(g.Context()))
	g.Cleanup(func() {
		w.Stop()
		close(counts)
		<-ended
	})
	return w
}
