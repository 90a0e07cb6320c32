package queue_test

import (
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// finish waits until all that was enqueued has ended, stops the processes and
// checks the books.
func (f *fleet) finish() {
	f.Helper()
	f.feeding.Wait()
	f.wait("no job is live", func() bool { return f.count("SELECT count(*) FROM queue.job") == 0 })
	f.stop()
	f.requireOutcomes()
	f.requireEffects()
	f.requireNone("two runs of one claim", `SELECT job, seq FROM run GROUP BY job, seq HAVING count(*) > 1`)
	f.requireNone("runs of one job at once", lasted+`SELECT a.job, b.seq FROM lasted a JOIN lasted b ON b.job = a.job AND b.token <> a.token
		AND b.began_at >= a.began_at AND b.began_at < a.until`)
	f.requireNone("runs beyond the limit of a key", lasted+`SELECT a.job, count(*) FROM lasted a JOIN lasted b ON b.key = a.key
		AND b.began_at <= a.began_at AND a.began_at < b.until GROUP BY a.job, a.token, a.key_limit HAVING count(*) > a.key_limit`)
	f.requireNone("ended by one who did not hold it", `SELECT h.id, count(r.token) FROM queue.job_history h
		LEFT JOIN run r ON r.job = h.id AND to_jsonb(r.token) = h.result AND r.worker = h.worker_id
			AND NOT EXISTS (SELECT FROM run later WHERE later.job = r.job AND later.seq > r.seq)
		GROUP BY h.id HAVING count(r.token) <> 1`)
	f.requireNone("a key without limit", `SELECT job, seq FROM run WHERE key IS NOT NULL AND claimed_at IS NOT NULL AND key_limit IS NULL`)
	f.Logf("%d jobs, %d runs, of which %d were broken off; %d workers died", len(f.jobs), f.count("SELECT count(*) FROM run"),
		f.count("SELECT count(*) FROM run WHERE left_at IS NULL"), f.deaths())
}

// lasted is the runs, by the database's clock. One counts until its worker was
// declared dead, whatever that worker went on to do, or even began.
const lasted = `WITH lasted AS MATERIALIZED (
	SELECT l.* FROM (
		SELECT r.*, least(r.left_at, w.dead_at, 'infinity') AS until
		FROM run r LEFT JOIN queue.worker w ON w.id = r.worker) l
	WHERE l.until > l.began_at) `

// requireOutcomes says that each job has ended once, as it should.
func (f *fleet) requireOutcomes() {
	f.Helper()
	require.NotEmpty(f, f.jobs)
	seen := make(map[int64]bool)
	for _, e := range f.history() {
		require.False(f, seen[e.ID], "job %d ended twice", e.ID)
		seen[e.ID] = true
		want := completed
		if f.jobs[e.ID] == failing {
			want = queue.Failed
		}
		require.Equal(f, want, e.Outcome, "job %d", e.ID)
	}
	require.ElementsMatch(f, slices.Collect(maps.Keys(f.jobs)), slices.Collect(maps.Keys(seen)))
}

// requireEffects says that what jobs do beside ending has been done once.
func (f *fleet) requireEffects() {
	f.Helper()
	rows, err := f.pool.Query(f.Context(), "SELECT job FROM effect")
	require.NoError(f, err)
	got, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(f, err)
	var want []int64
	for id, what := range f.jobs {
		if what == song || what == failing {
			want = append(want, id)
		}
	}
	require.ElementsMatch(f, want, got)
}

// requireNone runs a query for what must not be, in pairs of numbers.
func (f *fleet) requireNone(what, sql string, args ...any) {
	f.Helper()
	rows, err := f.pool.Query(f.Context(), sql, args...)
	require.NoError(f, err)
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[struct{ Job, N int64 }])
	require.NoError(f, err)
	require.Empty(f, got, what)
}

// deaths counts the jobs that were taken from dead workers.
func (f *fleet) deaths() int {
	f.Helper()
	return f.count(`SELECT count(DISTINCT e->>'worker') FROM queue.job_history, jsonb_array_elements(errors) e WHERE e->>'error' = 'The worker died.'`)
}
