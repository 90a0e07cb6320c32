package queue_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// Clocks disagree: of three worker processes one is an hour behind, one an hour
// ahead. Only the database's clock says who is silent and what is due.
func TestChaosClocksDisagree(t *testing.T) {
	t.Parallel()
	if !canSkew {
		require.True(t, canSkew, "this test needs Linux on amd64, where the clock of one process can be skewed")
	}
	f := fleetOf(t, 1, crewConfig{Concurrency: 5, Heartbeat: 200 * time.Millisecond, DeadAfter: 4 * time.Second, Work: 50 * time.Millisecond})
	for _, skew := range []time.Duration{-time.Hour, time.Hour} {
		conf := f.conf
		conf.Skew = skew
		_, at := f.launch(conf)
		require.WithinDuration(t, time.Now().Add(skew), at, time.Minute)
	}
	f.exec("SELECT queue.set_limits('q', rate_limit => 20, rate_window => '200 ms')")
	require.NoError(t, f.client.SetSchedule(t.Context(), f.pool, queue.Schedule{
		Name: "s", Queue: queueName, Kind: kind, Cron: "@every 1s", Missed: queue.MissedAll, MaxAttempts: 1000, Payload: plain,
	}))
	began := time.Now()
	ctx := f.feedFor(seconds(5, 60))
	later := make(map[int64]string)
	tick(ctx, 100*time.Millisecond, func() {
		id, _ := f.enqueue(queue.Params{Delay: 500 * time.Millisecond, Deadline: 2 * patience, MaxAttempts: 1000, Payload: plain})
		later[id] = plain
		if len(later) == 10 {
			f.kill(rand.N(len(f.processes)))
		}
	})
	f.exec("DELETE FROM queue.schedule")
	scheduled := f.scheduled()
	require.NotEmpty(t, scheduled)
	require.LessOrEqual(t, len(scheduled), int(time.Since(began).Seconds())+1)
	f.feeding.Wait()
	maps.Copy(f.jobs, later)
	maps.Copy(f.jobs, scheduled)
	f.finish()
	require.LessOrEqual(t, f.deaths(), 1)
	f.requireNone("too early or late", `SELECT id, attempt FROM queue.job_history
		WHERE id = ANY ($1) AND attempt = 1 AND started_at - created_at NOT BETWEEN '500 ms' AND '30 s'`, slices.Collect(maps.Keys(later)))
}

// scheduled is the jobs that the schedule has made.
func (f *fleet) scheduled() map[int64]string {
	f.Helper()
	rows, err := f.pool.Query(f.Context(), `SELECT id FROM queue.job WHERE key LIKE 'schedule:%' UNION
		SELECT id FROM queue.job_history WHERE key LIKE 'schedule:%'`)
	require.NoError(f, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	require.NoError(f, err)
	jobs := make(map[int64]string)
	for _, id := range ids {
		jobs[id] = plain
	}
	return jobs
}

// What a statement takes of a worker's clock is nothing. Times of the caller's,
// and those that the database gave, are listed here.
func TestStatementsTakeNoTimeOfTheWorkers(t *testing.T) {
	t.Parallel()
	file, err := parser.ParseFile(token.NewFileSet(), "../queries/queue.sql.go", nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	var taken []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		params, ok := spec.Type.(*ast.StructType)
		if !ok || !strings.HasSuffix(spec.Name.Name, "Params") {
			return false
		}
		for _, field := range params.Fields.List {
			if kind := types.ExprString(field.Type); strings.Contains(kind, "time.Time") || strings.Contains(kind, "Timestamp") {
				taken = append(taken, spec.Name.Name+"."+field.Names[0].Name)
			}
		}
		return false
	})
	require.ElementsMatch(t, []string{
		"QueueEnqueueParams.RunAt", "QueueEnqueueManyParams.RunAt", "QueueEnqueueFreeParams.RunAt", // the caller's: it is a time of the calendar
		"QueuePromoteParams.After",                                               // the database's, of the last time
		"QueueScheduleAdvanceParams.NextAt", "QueueScheduleAdvanceParams.LastAt", // worked out from the database's
	}, taken)
}
