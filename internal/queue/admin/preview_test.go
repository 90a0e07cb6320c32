package admin_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/queue/admin"
)

// A preview and the change that it is of say the same, whatever the jobs and the
// filters: same jobs, same groups.
func TestPreviewsAreTruthful(t *testing.T) {
	t.Parallel()
	a, pool := setup(t)
	exec(t, pool, "INSERT INTO queue.kind (queue, kind, has_hook) SELECT 'q' || n, 'hooked', true FROM generate_series(1, 1000) n")
	queue := 0
	rapid.Check(t, func(rt *rapid.T) {
		queue++
		name := fmt.Sprintf("q%d", queue)
		live := drawJobs(rt, t, pool, name)
		drawFailures(rt, t, pool, name)

		redrive := admin.RedriveParams{
			Queue: name, Kind: rapid.SampledFrom([]string{"", "plain", "hooked"}).Draw(rt, "kind"), ErrorLike: rapid.SampledFrom([]string{"", "%ink%", "no paper", "_%"}).Draw(rt, "error"),
			Since: rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour, 240 * time.Hour}).Draw(rt, "since"), Max: rapid.IntRange(1, 8).Draw(rt, "max"),
		}
		preview, err := a.PreviewRedrive(t.Context(), redrive)
		require.NoError(rt, err)
		back, err := a.Redrive(t.Context(), redrive)
		require.NoError(rt, err)
		groups := map[admin.Group]int{}
		var ids []int64
		for _, j := range back {
			groups[admin.Group{Kind: j.Kind, State: "failed"}]++
			ids = append(ids, j.ID)
		}
		sameAs(rt, preview, ids, groups)

		cancel := admin.CancelParams{
			Queue: name, Kind: rapid.SampledFrom([]string{"", "plain", "hooked"}).Draw(rt, "cancel kind"), State: rapid.SampledFrom(append(admin.States(), "", "")).Draw(rt, "state"),
			KeyLike: rapid.SampledFrom([]string{"", "", "%1", "k%"}).Draw(rt, "key"), ConcurrencyKey: rapid.SampledFrom([]string{"", "", "u"}).Draw(rt, "concurrency key"),
			OlderThan: rapid.SampledFrom([]time.Duration{0, 0, time.Hour, 48 * time.Hour}).Draw(rt, "older"), Max: rapid.IntRange(1, live+3).Draw(rt, "cancel max"),
		}
		preview, err = a.PreviewCancel(t.Context(), cancel)
		require.NoError(rt, err)
		cancelled, err := a.CancelWhere(t.Context(), cancel)
		require.NoError(rt, err)
		clear(groups)
		ids = nil
		ending := 0
		for _, j := range cancelled {
			groups[admin.Group{Kind: j.Kind, State: j.StateWas}]++
			ids = append(ids, j.ID)
			if j.Ended {
				ending++
			}
		}
		sameAs(rt, preview, ids, groups)
		require.Equal(rt, ending, preview.Ending)
		require.Equal(rt, len(ids) == cancel.Max, preview.Limited)
	})
}

func sameAs(t require.TestingT, p admin.Preview, ids []int64, groups map[admin.Group]int) {
	require.Equal(t, len(ids), p.Jobs)
	previewed := map[admin.Group]int{}
	for _, g := range p.Groups {
		previewed[admin.Group{Kind: g.Kind, State: g.State}] += g.Jobs
	}
	require.True(t, maps.Equal(groups, previewed), "%v, was to be %v", groups, previewed)
	for _, e := range p.Examples {
		require.True(t, slices.Contains(ids, e.ID), "%d of %v", e.ID, ids)
	}
	require.Len(t, p.Examples, min(len(ids), 5))
}

// drawJobs adds live jobs in all states and returns how many.
func drawJobs(rt *rapid.T, t *testing.T, pool *pgxpool.Pool, queue string) int {
	n := rapid.IntRange(0, 12).Draw(rt, "live")
	for i := range n {
		exec(t, pool, `
			INSERT INTO queue.job (queue, kind, key, state, worker_id, created_at, cancel_requested_at, concurrency_key, concurrency_limit, by_hand)
			VALUES ($1, $2, $3, $4::queue.job_state, CASE WHEN $4 = 'running' THEN gen_random_uuid() END, now() - make_interval(hours => $5::integer),
			        CASE WHEN $6 THEN now() END, CASE WHEN $7 THEN 'u' END, CASE WHEN $7 THEN 2 END, false)`,
			queue, rapid.SampledFrom([]string{"plain", "hooked"}).Draw(rt, "kind"), fmt.Sprintf("k%d", i),
			rapid.SampledFrom(admin.States()).Draw(rt, "state"), rapid.IntRange(0, 72).Draw(rt, "age"),
			rapid.IntRange(0, 5).Draw(rt, "cancelling") == 0, rapid.Bool().Draw(rt, "limited"))
	}
	return n
}

// drawFailures adds failed jobs, some of which share a key with each other or
// with a live job.
func drawFailures(rt *rapid.T, t *testing.T, pool *pgxpool.Pool, queue string) {
	for range rapid.IntRange(0, 12).Draw(rt, "failed") {
		var key *string
		if n := rapid.IntRange(0, 20).Draw(rt, "key"); n < 16 {
			k := fmt.Sprintf("k%d", n)
			key = &k
		}
		exec(t, pool, `
			INSERT INTO queue.job_history (id, outcome, created_at, finished_at, priority, attempt, max_attempts, queue, kind, key, payload, errors)
			VALUES (nextval('queue.job_id_seq'), $5::queue.outcome, now(), now() - make_interval(mins => $4::integer), 100, 3, 3, $1, $2, $3, '{}',
			        queue.add_error(NULL, 3::smallint, NULL, now(), nullif($6, '')))`,
			queue, rapid.SampledFrom([]string{"plain", "hooked"}).Draw(rt, "kind"), key, rapid.IntRange(1, 5000).Draw(rt, "minutes"),
			rapid.SampledFrom([]string{"failed", "failed", "failed", "cancelled", "completed"}).Draw(rt, "outcome"),
			rapid.SampledFrom([]string{"no ink at 5", "no paper", "", "ink"}).Draw(rt, "error"))
	}
}
