package admin_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/queue/admin"
)

// Every field at fault is named, without a database.
func TestInvalidInput(t *testing.T) {
	t.Parallel()
	a := admin.New(nil)
	long := strings.Repeat("é", 201)
	negative := -1
	for name, c := range map[string]struct {
		err    error
		fields []string
	}{
		"jobs": {
			admin.JobsParams{Queue: long, Kind: "a\x00b", State: "ended", KeyLike: "\xff", Limit: 0}.Validate(),
			[]string{"queue", "kind", "keyLike", "state", "limit"},
		},
		"ended":   {admin.EndedParams{Outcome: "well", Since: -1, Limit: admin.MaxRows + 1}.Validate(), []string{"outcome", "since", "limit"}},
		"cancel":  {admin.CancelParams{State: "x", OlderThan: math.MaxInt64, Max: 0}.Validate(), []string{"queue", "state", "olderThan", "max"}},
		"redrive": {admin.RedriveParams{ErrorLike: "a\x00", Max: admin.MaxBulk + 1}.Validate(), []string{"queue", "errorLike", "since", "max"}},
		"limits":  {admin.Limits{MaxRunning: &negative, RateLimit: new(int), FairEvery: &negative}.Validate(), []string{"maxRunning", "fairEvery"}},
		"enqueue": {
			admin.EnqueueParams{Payload: json.RawMessage("{"), Priority: -1, RunAt: time.Unix(-1e9, 0), Delay: 1, ConcurrencyLimit: 1}.Validate(),
			[]string{"queue", "kind", "payload", "priority", "runAt", "runAt", "maxAttempts", "concurrencyKey"},
		},
		"schedule": {
			admin.ScheduleParams{Cron: long, Priority: 1 << 20, Payload: json.RawMessage("x")}.Validate(),
			[]string{"name", "queue", "kind", "cron", "timezone", "payload", "missed", "priority", "maxAttempts"},
		},
	} {
		var invalid *admin.InvalidError
		require.ErrorAs(t, c.err, &invalid, name)
		var fields []string
		for _, f := range invalid.Fields {
			fields = append(fields, f.Field)
			require.NotEmpty(t, f.Message)
			require.Contains(t, c.err.Error(), f.Field)
		}
		require.Equal(t, c.fields, fields, name)
	}

	// The methods check before they ask the database.
	ctx := t.Context()
	var invalid *admin.InvalidError
	for _, call := range []func() error{
		func() error { _, err := a.Jobs(ctx, admin.JobsParams{}); return err },
		func() error { _, err := a.History(ctx, admin.EndedParams{}); return err },
		func() error { _, err := a.Failed(ctx, admin.EndedParams{}); return err },
		func() error { _, err := a.FailureGroups(ctx, "", 0, 0); return err },
		func() error { _, err := a.Stats(ctx, long); return err },
		func() error { _, err := a.Workers(ctx, long, false); return err },
		func() error { _, err := a.Queue(ctx, ""); return err },
		func() error { _, err := a.Pause(ctx, ""); return err },
		func() error { _, err := a.Resume(ctx, long); return err },
		func() error { _, err := a.Drain(ctx, "\xff"); return err },
		func() error { _, err := a.SetLimits(ctx, "", admin.Limits{}); return err },
		func() error { _, err := a.SetPriority(ctx, 1, -1); return err },
		func() error { _, err := a.CancelWhere(ctx, admin.CancelParams{}); return err },
		func() error { _, err := a.PreviewCancel(ctx, admin.CancelParams{}); return err },
		func() error { _, err := a.Redrive(ctx, admin.RedriveParams{}); return err },
		func() error { _, err := a.PreviewRedrive(ctx, admin.RedriveParams{}); return err },
		func() error { _, err := a.Enqueue(ctx, admin.EnqueueParams{}); return err },
		func() error { _, err := a.SetSchedule(ctx, admin.ScheduleParams{}); return err },
		func() error { _, err := a.Schedule(ctx, ""); return err },
		func() error { _, err := a.PauseSchedule(ctx, ""); return err },
		func() error { _, err := a.ResumeSchedule(ctx, ""); return err },
		func() error { _, err := a.DropSchedule(ctx, ""); return err },
	} {
		require.ErrorAs(t, call(), &invalid)
	}
}

func TestWhatIsNotThere(t *testing.T) {
	t.Parallel()
	a, pool := setup(t)
	ctx := t.Context()
	var notFound *admin.NotFoundError
	for _, call := range []func() error{
		func() error { _, err := a.Job(ctx, 4711); return err },
		func() error { _, err := a.Retry(ctx, 4711); return err },
		func() error { _, err := a.Cancel(ctx, 4711); return err },
		func() error { _, err := a.SetPriority(ctx, 4711, 1); return err },
		func() error { _, err := a.Queue(ctx, "nowhere"); return err },
		func() error { _, err := a.Resume(ctx, "nowhere"); return err },
		func() error { _, err := a.Schedule(ctx, "never"); return err },
		func() error { _, err := a.PauseSchedule(ctx, "never"); return err },
		func() error { _, err := a.ResumeSchedule(ctx, "never"); return err },
		func() error { _, err := a.DropSchedule(ctx, "never"); return err },
	} {
		require.ErrorAs(t, call(), &notFound)
	}

	// A scheduled job that is being cancelled is in no state to be retried.
	job, err := a.Enqueue(ctx, admin.EnqueueParams{Queue: "q", Kind: "k", Delay: time.Hour, MaxAttempts: 1})
	require.NoError(t, err)
	exec(t, pool, "UPDATE queue.job SET cancel_requested_at = now()")
	_, err = a.Retry(ctx, job.ID)
	var conflict *admin.ConflictError
	require.ErrorAs(t, err, &conflict)
	require.Contains(t, err.Error(), "is being cancelled")
}

func TestForbiddenAndOutdated(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	as := func(role string) *admin.Admin {
		conf, err := pgxpool.ParseConfig(dsn)
		require.NoError(t, err)
		if role != "" {
			conf.ConnConfig.RuntimeParams["role"] = role
		}
		pool, err := pgxpool.NewWithConfig(t.Context(), conf)
		require.NoError(t, err)
		t.Cleanup(pool.Close)
		return admin.New(pool)
	}
	reader := as("son1k_reader")
	_, err := reader.Queues(t.Context())
	require.NoError(t, err)
	_, err = reader.Pause(t.Context(), "songs")
	require.ErrorIs(t, err, admin.ErrForbidden)
	_, err = reader.Job(t.Context(), 1)
	require.ErrorIs(t, err, admin.ErrForbidden)

	require.NoError(t, postgres.MigrateDown(t.Context(), dsn, 9))
	_, err = as("").Queues(t.Context())
	require.ErrorIs(t, err, admin.ErrOutdated)
	_, err = as("").Pause(t.Context(), "songs")
	require.ErrorIs(t, err, admin.ErrOutdated)
}

// What the database finds out about an input counts as invalid input, too.
func TestInvalidForTheDatabase(t *testing.T) {
	t.Parallel()
	a, _ := setup(t)
	var invalid *admin.InvalidError
	_, err := a.SetSchedule(t.Context(), admin.ScheduleParams{
		Name: "n", Queue: "q", Kind: "k", Cron: "@daily", Timezone: "Moon/Tranquility", Missed: "once", MaxAttempts: 1,
	})
	require.ErrorAs(t, err, &invalid)
	require.Contains(t, err.Error(), "Moon/Tranquility. SELECT", "with the hint")
	_, err = a.Enqueue(t.Context(), admin.EnqueueParams{Queue: "q", Kind: "k", Payload: json.RawMessage(`"\u0000"`), MaxAttempts: 1})
	require.ErrorAs(t, err, &invalid)
}

func TestErrorsOfTheConnectionAreKept(t *testing.T) {
	t.Parallel()
	pool, err := pgxpool.New(t.Context(), "postgres://nobody@127.0.0.1:1/none")
	require.NoError(t, err)
	defer pool.Close()
	_, err = admin.New(pool).Health(t.Context())
	require.True(t, postgres.Unavailable(err), err)
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for span, want := range map[admin.Span]string{
		0: "0", admin.Span(1500 * time.Millisecond): "1.5", admin.Span(time.Hour): "3600", admin.Span(time.Microsecond): "0", -admin.Span(time.Second): "-1",
	} {
		data, err := json.Marshal(span)
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
}

// Clocks that were read at different times do not make ages negative.
func TestAgesAreNotNegative(t *testing.T) {
	t.Parallel()
	a, pool := setup(t)
	exec(t, pool, "INSERT INTO queue.job (queue, kind, created_at) VALUES ('q', 'k', now() + interval '1 hour')")
	jobs, err := a.Jobs(t.Context(), admin.JobsParams{Limit: 1})
	require.NoError(t, err)
	require.Zero(t, jobs[0].Age)
}

// Everything runs inside of functions and views, with few rights; nothing here
// needs a connection that stays the same.
func TestWorksBehindATransactionPooler(t *testing.T) {
	t.Parallel()
	conf, err := pgxpool.ParseConfig(pgtest.DSN(t))
	require.NoError(t, err)
	conf.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	defer pool.Close()
	a := admin.New(pool)
	job, err := a.Enqueue(t.Context(), admin.EnqueueParams{Queue: "q", Kind: "k", MaxAttempts: 1, RunAt: time.Now().Add(time.Hour)})
	require.NoError(t, err)
	jobs, err := a.Jobs(t.Context(), admin.JobsParams{State: "scheduled", Limit: 10})
	require.NoError(t, err)
	require.Equal(t, job.ID, jobs[0].ID)
	_, err = a.History(t.Context(), admin.EndedParams{Limit: 10})
	require.NoError(t, err)
	_, err = a.SetLimits(t.Context(), "q", admin.Limits{RateLimit: new(int)})
	require.NoError(t, err)
}
