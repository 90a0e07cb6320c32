package dba_test

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// What people and monitoring read again and again costs about the same for a
// short line and for a long one with a long history behind it. Costs are counted
// in buffers, which do not depend on the machine.
func TestCostOfViews(t *testing.T) {
	t.Parallel()
	short, long := pgtest.New(t), pgtest.New(t)
	fill(t, short, 1_000, 1_000)
	fill(t, long, 200_000, 200_000)

	const lanes = 5
	for view, limit := range map[string]struct {
		buffers int     // at most, for the long line
		ratio   float64 // of long to short, at most; 0: that does not matter
	}{
		"queue.health":           {buffers: 400, ratio: 2},
		"queue.waiting LIMIT 20": {buffers: 30, ratio: 2},
		"queue.failed LIMIT 20":  {buffers: 60},
		// They count up to 1,000 jobs of each priority and then stop.
		"queue.stats":  {buffers: lanes * 250},
		"queue.queues": {buffers: lanes * 250},
	} {
		a, b := buffers(t, short, "SELECT * FROM "+view), buffers(t, long, "SELECT * FROM "+view)
		t.Logf("%s: %d buffers with 1,000 jobs, %d with 200,000", view, a, b)
		require.LessOrEqual(t, b, limit.buffers, view)
		if limit.ratio > 0 {
			require.LessOrEqual(t, float64(b), limit.ratio*float64(a), view)
		}
	}

	// Beyond what they count, more jobs cost nothing.
	before := buffers(t, long, "SELECT * FROM queue.stats")
	fill(t, long, 50_000, 0)
	after := buffers(t, long, "SELECT * FROM queue.stats")
	t.Logf("queue.stats: %d buffers with 200,000 jobs, %d with 250,000", before, after)
	require.LessOrEqual(t, float64(after), 1.2*float64(before))
}

// fill lets jobs wait, in lanes as workers note them, and jobs have ended.
func fill(t *testing.T, pool *pgxpool.Pool, waiting, ended int) {
	t.Helper()
	exec(t, pool, `
		INSERT INTO queue.lane (queue, priority, mark) SELECT 'music', p, 0 FROM unnest('{1, 5, 10, 20, 100}'::smallint[]) p
		ON CONFLICT DO NOTHING`)
	exec(t, pool, `
		INSERT INTO queue.job (queue, kind, priority, by_hand)
		SELECT 'music', 'song', ('{1, 5, 10, 20, 100}'::smallint[])[1 + n % 5], false FROM generate_series(1, $1) n`, waiting)
	exec(t, pool, `
		INSERT INTO queue.job_history (id, outcome, finished_at, created_at, run_at, started_at, priority, attempt, max_attempts, queue, kind, payload)
		SELECT n, CASE n % 10 WHEN 0 THEN 'failed' ELSE 'completed' END::queue.outcome, now() - n * interval '10 ms', now(), now(), now(), 5, 1, 3, 'music', 'song', '{}'
		FROM generate_series(1, $1) n`, ended)
	exec(t, pool, `
		INSERT INTO queue.metric (at, worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
		SELECT now() - n * interval '5 s', gen_random_uuid(), 'music', p, 1, 0, 0, 0, 0, 0, array_fill(1, ARRAY[64]), array_fill(1, ARRAY[64])
		FROM generate_series(1, 59) n, unnest('{1, 5, 10, 20, 100}'::smallint[]) p`)
	exec(t, pool, "ANALYZE") // autovacuum, which would, is off
}

// buffers counts the pages that a statement touches, when the catalogue is
// known.
func buffers(t *testing.T, pool *pgxpool.Pool, sql string) int {
	t.Helper()
	conn := connect(t, pool)
	exec(t, conn, sql)
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	require.NoError(t, json.Unmarshal(one[json.RawMessage](t, conn, "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "+sql), &plans))
	touched := plans[0].Plan.Hit + plans[0].Plan.Read
	require.Positive(t, touched)
	return touched
}
