package main

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// queueTest runs `son1k jobs` against a database of the test's own.
type queueTest struct {
	t    *testing.T
	dsn  string
	pool *pgxpool.Pool
}

func setupQueue(t *testing.T) *queueTest {
	t.Helper()
	dsn := pgtest.DSN(t)
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return &queueTest{t: t, dsn: dsn, pool: pool}
}

// as returns the same for another database role.
func (q *queueTest) as(role string) *queueTest {
	q.t.Helper()
	u, err := url.Parse(q.dsn)
	require.NoError(q.t, err)
	values := u.Query()
	values.Set("role", role)
	u.RawQuery = values.Encode()
	return &queueTest{t: q.t, dsn: u.String(), pool: q.pool}
}

func (q *queueTest) environ() []string {
	return []string{"DATABASE_URL=" + q.dsn, "JWT_SECRET=" + strings.Repeat("s", 32)}
}

// run runs `son1k jobs` without a terminal.
func (q *queueTest) run(args ...string) (code int, stdout, stderr string) {
	return q.from(input{strings.NewReader(""), false}, args...)
}

// answer runs `son1k jobs` on a terminal where somebody types text.
func (q *queueTest) answer(text string, args ...string) (code int, stdout, stderr string) {
	return q.from(input{strings.NewReader(text), true}, args...)
}

func (q *queueTest) from(stdin input, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = runFrom(stdin, append([]string{"jobs"}, args...), q.environ(), &out, &errs)
	return code, out.String(), errs.String()
}

// ok runs what has to succeed and returns what it writes.
func (q *queueTest) ok(args ...string) string {
	q.t.Helper()
	code, out, errs := q.run(args...)
	require.Equal(q.t, exitOK, code, "%v: %s", args, errs)
	return out
}

// array is ok with --json, read.
func (q *queueTest) array(args ...string) []map[string]any {
	q.t.Helper()
	return array(q.t, q.ok(append(args, "--json")...))
}

func array(t *testing.T, out string) (objects []map[string]any) {
	t.Helper()
	require.True(t, strings.HasPrefix(out, "["), out)
	require.NoError(t, json.Unmarshal([]byte(out), &objects), out)
	return objects
}

// fails runs what has to fail so and returns what it says.
func (q *queueTest) fails(code int, args ...string) string {
	q.t.Helper()
	got, out, errs := q.run(args...)
	require.Equal(q.t, code, got, "%v: %s%s", args, out, errs)
	require.NotEmpty(q.t, errs)
	return errs
}

func (q *queueTest) exec(sql string, args ...any) {
	q.t.Helper()
	_, err := q.pool.Exec(q.t.Context(), sql, args...)
	require.NoError(q.t, err, sql)
}

func (q *queueTest) value(to any, sql string, args ...any) {
	q.t.Helper()
	require.NoError(q.t, q.pool.QueryRow(q.t.Context(), sql, args...).Scan(to), sql)
}

// enqueue adds a job and returns its id as people type it.
func (q *queueTest) enqueue(queue, kind string) string {
	q.t.Helper()
	var job string
	q.value(&job, `SELECT id::text FROM queue.enqueue($1, $2, '{"prompt": "a secret wish"}')`, queue, kind)
	return job
}

// running adds a job that a worker holds.
func (q *queueTest) running(queue, kind string) string {
	q.t.Helper()
	job := q.enqueue(queue, kind)
	q.exec(`INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency, running)
	        VALUES (md5($1)::uuid, 'gandalf', 4711, 'v1', $1, ARRAY[$2], 5, 1) ON CONFLICT DO NOTHING`, queue, kind)
	q.exec(`UPDATE queue.job SET state = 'running', worker_id = md5($2)::uuid, attempt = 1, started_at = now(), progress = 42, stage = 'mixing'
	        WHERE id = $1::bigint`, job, queue)
	return job
}

// ended adds a job of the history.
func (q *queueTest) ended(queue, kind, outcome, problem string) string {
	q.t.Helper()
	var job string
	q.value(&job, `
		INSERT INTO queue.job_history (id, outcome, created_at, run_at, started_at, priority, attempt, max_attempts, queue, kind, payload, errors)
		VALUES (nextval('queue.job_id_seq'), $3::queue.outcome, now() - interval '5 min', now() - interval '4 min', now() - interval '3 min', 100, 3, 3, $1, $2, '{}',
		        CASE WHEN $4 <> '' THEN jsonb_build_array(jsonb_build_object('attempt', 3, 'startedAt', now() - interval '3 min', 'at', now(), 'worker', NULL, 'error', $4::text)) END)
		RETURNING id::text`, queue, kind, outcome, problem)
	return job
}

// state is the state of a live job; empty if there is none.
func (q *queueTest) state(job string) (state string) {
	q.t.Helper()
	q.value(&state, `SELECT coalesce((SELECT state::text FROM queue.job WHERE id = $1::bigint), '')`, job)
	return state
}

// number is an id as it is in JSON.
func number(t *testing.T, job string) float64 {
	t.Helper()
	var n float64
	require.NoError(t, json.Unmarshal([]byte(job), &n))
	return n
}

func TestJobsHelp(t *testing.T) {
	t.Parallel()
	code, out, _ := runCommand(nil, "jobs", "help")
	require.Equal(t, exitOK, code)
	for _, v := range jobsVerbs() {
		require.Contains(t, out, "son1k jobs "+v.name)
		require.Contains(t, out, v.does)
	}
	code, alone, errs := runCommand(nil, "jobs")
	require.Equal(t, exitUsage, code)
	require.Empty(t, alone)
	require.Equal(t, out, errs)

	for _, v := range jobsVerbs() {
		code, _, errs := runCommand(nil, "jobs", v.name, "-h")
		require.Equal(t, exitOK, code, v.name)
		if v.name != "schedule" {
			require.Contains(t, errs, "Usage: son1k jobs "+v.name)
		}
	}
	code, out, _ = runCommand(nil, "jobs", "schedule", "help")
	require.Equal(t, exitOK, code)
	for _, v := range scheduleVerbs() {
		require.Contains(t, out, "son1k jobs schedule "+v.name)
	}
}

// What makes no sense is refused before there is a need for a database.
func TestBadJobsCommandLines(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 201)
	for _, line := range []string{
		"frobnicate", "list all", "list --state ended", "list --limit 0", "list --limit 10001", "list --limit x", "list --queue " + long, "list --nonsense",
		"show", "show x", "show 0", "show -1", "show 1 2", "show 99999999999999999999",
		"failed x", "failed --since 0s", "failed --since soon", "failed --group --kind k", "history --outcome well", "history --since -1h", "history 3",
		"stats x", "queues x", "workers x", "health x",
		"retry", "retry one", "retry 1 two", "cancel", "cancel --kind k", "cancel --dry-run", "cancel 1 x", "cancel 1 --queue q", "cancel 1 --dry-run",
		"cancel --queue q --state gone", "cancel --queue q --older-than never", "cancel --queue q --max 0", "cancel --queue q --key-like " + long,
		"redrive", "redrive 1", "redrive --queue q --since 0d", "redrive --queue q --max -1",
		"priority", "priority 1", "priority 1 high", "priority x 1", "priority 1 2 3", "priority 1 -1",
		"pause", "pause a b", "resume", "drain", "drain q --timeout 1s", "drain q --wait --timeout x",
		"limits", "limits q --max-running -1", "limits q --max-running many", "limits q --rate 10", "limits q --rate 0/s", "limits q --rate 1/1ms", "limits q --rate 1/2d",
		"limits q --rate x/s", "limits q --concurrency 10001", "limits q --fair-every -1",
		"enqueue", "enqueue --queue q", "enqueue --kind k", "enqueue --queue q --kind k x", "enqueue --queue q --kind k --payload {", "enqueue --queue q --kind k --priority 40000",
		"enqueue --queue q --kind k --at tomorrow", "enqueue --queue q --kind k --in 1h --at 2030-01-01T00:00:00Z", "enqueue --queue q --kind k --max-attempts 0",
		"enqueue --queue q --kind k --concurrency-key u", "enqueue --queue q --kind k --concurrency-limit 2", "enqueue --queue q --kind k --key " + long,
		"schedules x", "schedule", "schedule list", "schedule set", "schedule set n", "schedule set n --queue q --kind k", "schedule set n --queue q --kind k --cron @daily --missed never",
		"schedule set n --queue q --kind k --cron @daily --payload x", "schedule pause", "schedule resume a b", "schedule drop",
	} {
		code, out, errs := runCommand([]string{"DATABASE_URL=postgres://nobody@127.0.0.1:1/none", "JWT_SECRET=" + strings.Repeat("s", 32)}, append([]string{"jobs"}, strings.Fields(line)...)...)
		require.Equal(t, exitUsage, code, "%s: %s", line, errs)
		require.Empty(t, out, line)
		require.NotEmpty(t, errs, line)
	}
}

func TestJobsWithoutADatabase(t *testing.T) {
	t.Parallel()
	code, _, errs := runCommand([]string{"DATABASE_URL=postgres://u:canary@127.0.0.1:1/none", "JWT_SECRET=" + strings.Repeat("s", 32)}, "jobs", "list")
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "DATABASE_URL")
	require.NotContains(t, errs, "canary")
	require.Equal(t, 1, strings.Count(errs, "\n"), errs)
}

func TestJobsWithoutASchema(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	code, _, errs := runCommand(q.environ(), "migrate", "down", "0")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, q.fails(exitError, "list"), "son1k migrate")
	require.Contains(t, q.fails(exitError, "show", "1"), "son1k migrate")
}

// Flags may stand before and behind the words.
func TestFlagsAnywhere(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	a, b := q.enqueue("songs", "make"), q.enqueue("songs", "make")
	require.Len(t, array(t, q.ok("cancel", a, "--json", b, "--yes")), 2)
	require.Len(t, array(t, q.ok("show", "--json", a)), 1)
	require.Contains(t, q.fails(exitUsage, "show", "--", "--json"), `"--json"`)
}

// A job and the queue of the private server: it is made, and brought up to date.
func TestJobsOfThePrivateDatabase(t *testing.T) {
	t.Parallel()
	env := []string{"SON1K_HOME=" + t.TempDir() + "/home", "LOG_LEVEL=ERROR"}
	code, out, errs := runCommand(env, "jobs", "enqueue", "--queue", "songs", "--kind", "make")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "songs")
	code, out, errs = runCommand(env, "jobs", "list", "--json")
	require.Equal(t, exitOK, code, errs)
	require.Len(t, array(t, out), 1)
}

// The roles for people suffice, and say so where they do not.
func TestJobsAsTheRolesForPeople(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	job := q.enqueue("songs", "make")
	failed := q.ended("songs", "make", "failed", "no ink")
	reader, operator := q.as("son1k_reader"), q.as("son1k_operator")
	for _, verb := range []string{"list", "failed", "history", "stats", "queues", "workers", "schedules"} {
		reader.ok(verb)
		operator.ok(verb)
	}
	reader.fails(exitError, "health") // nobody serves the queue; the checks could be read
	for _, line := range []string{"cancel " + job, "retry " + failed, "show " + job, "pause songs", "priority " + job + " 1", "enqueue --queue q --kind k", "failed --group"} {
		require.Contains(t, reader.fails(exitError, strings.Fields(line)...), "son1k_operator", line)
	}
	for _, line := range []string{
		"show " + job, "failed --group", "priority " + job + " 1", "pause songs", "limits songs --max-running 3", "resume songs", "drain songs", "retry " + failed,
		"cancel " + job, "enqueue --queue songs --kind make", "cancel --queue songs --yes", "redrive --queue songs --yes",
		"schedule set nightly --queue songs --kind make --cron @daily", "schedule pause nightly", "schedule resume nightly", "schedule drop nightly",
	} {
		operator.ok(strings.Fields(line)...)
	}
}
