package main

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func fields(object map[string]any) []string { return slices.Sorted(maps.Keys(object)) }

func TestJobsList(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Equal(t, "There is no such job.\n", q.ok("list"))
	require.Empty(t, q.array("list"))

	waiting, running := q.enqueue("songs", "make"), q.running("songs", "mix")
	other := q.enqueue("mail", "send")
	lines := strings.Split(q.ok("list"), "\n")
	require.Equal(t, strings.Fields("ID QUEUE KIND STATE PRIORITY ATTEMPT AGE WAITED KEY NOTE"), strings.Fields(lines[0]))
	require.Contains(t, lines[1], "No live worker knows kind make.")
	require.Contains(t, lines[2], "42% mixing")
	require.Len(t, lines, 5)
	require.NotContains(t, q.ok("list"), "secret wish")

	found := q.array("list", "--queue", "songs")
	require.Len(t, found, 2)
	require.Equal(t, number(t, waiting), found[0]["id"])
	require.Equal(t, "running", found[1]["state"])
	require.Equal(t, "mixing", found[1]["stage"])
	require.Nil(t, found[1]["why"])
	require.Equal(t, []string{
		"age", "attempt", "byHand", "cancelling", "concurrencyKey", "concurrencyLimit", "createdAt", "deadlineAt", "id", "key", "kind", "lastError", "maxAttempts",
		"priority", "progress", "queue", "redriven", "runAt", "stage", "startedAt", "state", "waited", "why", "workerId",
	}, func() (names []string) {
		for _, name := range fields(found[0]) {
			names = append(names, strings.TrimSuffix(name, "Seconds"))
		}
		return names
	}())
	at, err := time.Parse(time.RFC3339, found[0]["createdAt"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)

	require.Len(t, q.array("list", "--state", "running"), 1)
	require.Len(t, q.array("list", "--kind", "send"), 1)
	require.Empty(t, q.array("list", "--kind", "send", "--queue", "songs"))
	q.exec("UPDATE queue.job SET key = 'user-1' WHERE id = $1::bigint", other)
	require.Len(t, q.array("list", "--key-like", "user%"), 1)

	code, out, errs := q.run("list", "--limit", "1")
	require.Equal(t, exitOK, code)
	require.Equal(t, 2, strings.Count(out, "\n"))
	require.Contains(t, errs, "--limit")
	require.Equal(t, number(t, running), found[1]["id"])
}

func TestJobsShow(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	job := q.running("songs", "make")
	q.exec(`UPDATE queue.job SET checkpoint = '{"task": "t-1"}', errors = queue.add_error(NULL, 1::smallint, NULL, now() - interval '90 s', 'no paper') WHERE id = $1::bigint`, job)
	out := q.ok("show", job)
	for _, want := range []string{"songs", "42% mixing", `{"task":"t-1"}`, "attempt 1", "after 1m30s: no paper"} {
		require.Contains(t, out, want)
	}
	require.NotContains(t, out, "secret wish")
	require.Contains(t, q.ok("show", job, "--payload"), "secret wish")

	object := q.array("show", job)[0]
	require.NotContains(t, object, "payload")
	require.Equal(t, "running", object["state"])
	require.Equal(t, map[string]any{"task": "t-1"}, object["checkpoint"])
	require.Equal(t, "no paper", object["errors"].([]any)[0].(map[string]any)["error"])
	require.Equal(t, map[string]any{"prompt": "a secret wish"}, q.array("show", job, "--payload")[0]["payload"])

	ended := q.ended("songs", "make", "failed", "no ink")
	require.Contains(t, q.ok("show", ended), "no ink")
	object = q.array("show", ended)[0]
	require.Equal(t, "failed", object["state"])
	require.NotNil(t, object["finishedAt"])

	require.Equal(t, "son1k: there is no job 4711, neither live nor in the history\n", q.fails(exitError, "show", "4711"))
}

func TestTimesInTheAskedZone(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	q.ended("songs", "make", "completed", "")
	q.exec("UPDATE queue.job_history SET finished_at = date_trunc('second', now())")
	var at time.Time
	q.value(&at, "SELECT finished_at FROM queue.job_history")
	require.Contains(t, q.ok("history", "--utc"), at.UTC().Format("2006-01-02 15:04:05Z"))
	require.Contains(t, q.ok("history"), at.Local().Format("2006-01-02 15:04:05"))
	require.Equal(t, at.UTC().Format(time.RFC3339), q.array("history")[0]["finishedAt"])
}

func TestJobsHistory(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Contains(t, q.ok("history"), "No such job has ended")
	completed, failed := q.ended("songs", "make", "completed", ""), q.ended("songs", "mix", "failed", "no ink")
	q.ended("mail", "send", "cancelled", "")
	out := q.ok("history", "--queue", "songs")
	require.Equal(t, 3, strings.Count(out, "\n"))
	require.Less(t, strings.Index(out, "no ink"), strings.Index(out, "completed"), "newest first")
	require.Contains(t, out, "1m")

	require.Equal(t, number(t, completed), q.array("history", "--outcome", "completed")[0]["id"])
	found := q.array("history", "--kind", "mix")[0]
	require.Equal(t, number(t, failed), found["id"])
	require.InDelta(t, 60, found["waitedSeconds"], 0.1)
	require.InDelta(t, 180, found["ranSeconds"], 5)
	require.Len(t, q.array("history", "--limit", "2"), 2)
	q.exec("UPDATE queue.job_history SET finished_at = now() - interval '2 hours' WHERE outcome = 'failed'")
	require.Len(t, q.array("history", "--since", "1h"), 2)
	require.Len(t, q.array("history", "--since", "1d"), 3)
}

func TestJobsFailed(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Contains(t, q.ok("failed"), "No job has failed")
	require.Equal(t, "No job has failed within 1d.\n", q.ok("failed", "--group"))
	require.Empty(t, q.array("failed", "--group"))
	q.ended("songs", "make", "failed", "no answer after 31 s")
	last := q.ended("songs", "make", "failed", "no answer after 7 s")
	q.ended("mail", "send", "failed", "no paper")
	q.ended("songs", "make", "completed", "")
	q.exec("INSERT INTO queue.queue (name) VALUES ('songs'), ('mail')")

	require.Equal(t, 4, strings.Count(q.ok("failed"), "\n"))
	found := q.array("failed", "--queue", "songs")
	require.Len(t, found, 2)
	require.Equal(t, number(t, last), found[0]["id"])
	require.Equal(t, "no answer after 7 s", found[0]["lastError"])
	require.Len(t, q.array("failed", "--kind", "send"), 1)
	require.Len(t, q.array("failed", "--limit", "1"), 1)

	groups := q.array("failed", "--group")
	require.Len(t, groups, 2)
	groups = q.array("failed", "--group", "--queue", "songs")
	require.Len(t, groups, 1)
	require.Equal(t, "no answer after N s", groups[0]["error"])
	require.EqualValues(t, 2, groups[0]["jobs"])
	require.Equal(t, number(t, last), groups[0]["exampleId"])
	require.Contains(t, q.ok("failed", "--group"), "no answer after N s")
}

func TestJobsStatsQueuesWorkers(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Contains(t, q.ok("stats"), "queue is empty")
	require.Contains(t, q.ok("queues"), "no queue yet")
	require.Contains(t, q.ok("workers"), "no worker")

	q.enqueue("songs", "make")
	q.running("songs", "make")
	q.exec(`INSERT INTO queue.metric (worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
	        SELECT md5('w')::uuid, 'songs', 100, 300, 3, 0, 2, 0, 1, a, a FROM (SELECT array_fill(0, ARRAY[10]) || 300 || array_fill(0, ARRAY[53])) t (a)`)
	stat := q.array("stats")[0]
	require.Equal(t, "songs", stat["queue"])
	require.EqualValues(t, 1, stat["waiting"])
	require.EqualValues(t, 1, stat["running"])
	require.EqualValues(t, 1, stat["completedPerSecond"])
	require.EqualValues(t, 3, stat["failed"])
	require.InDelta(t, 11.3, stat["waitP50Ms"], 0.1)
	require.Contains(t, q.ok("stats", "--queue", "songs"), "11ms")
	require.Empty(t, q.array("stats", "--queue", "mail"))

	queue := q.array("queues")[0]
	require.Equal(t, "songs", queue["name"])
	require.Equal(t, "active", queue["state"])
	require.EqualValues(t, 1, queue["workers"])
	require.Nil(t, queue["maxRunning"])
	require.Contains(t, q.ok("queues"), "songs")

	worker := q.array("workers")[0]
	require.Equal(t, "gandalf", worker["host"])
	require.Equal(t, "alive", worker["status"])
	require.Equal(t, []any{"make"}, worker["kinds"])
	require.Contains(t, q.ok("workers"), "gandalf")
	q.exec("UPDATE queue.worker SET dead_at = now()")
	require.Empty(t, q.array("workers"))
	require.Len(t, q.array("workers", "--all"), 1)
	require.Empty(t, q.array("workers", "--all", "--queue", "mail"))
}

func TestJobsHealth(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	checks := q.array("health")
	require.NotEmpty(t, checks)
	for _, c := range checks {
		require.Equal(t, true, c["ok"], c)
	}
	require.NotContains(t, q.ok("health"), "BAD")

	q.enqueue("songs", "make")
	code, out, errs := q.run("health")
	require.Equal(t, exitError, code)
	require.Equal(t, "son1k: not well: unserved_queues\n", errs)
	require.Contains(t, out, "BAD  unserved_queues")
	require.Contains(t, out, "\nunserved_queues: ")
	code, out, _ = q.run("health", "--json")
	require.Equal(t, exitError, code)
	require.Len(t, array(t, out), len(checks))
}

// An error that wants to clear the screen, or to hide what follows, is shown as
// what it is.
func TestHostileText(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	const hostile = "\x1b[2J\x1b]0;owned\x07 line\r\nnext\tcell\u009b31m \u202eevil\u2028 " + "😀"
	job := q.ended("songs", "make", "failed", hostile)
	q.exec("UPDATE queue.job_history SET key = E'k\\u001b[1m'")
	q.exec("INSERT INTO queue.queue (name) VALUES ('songs')")
	const shown = `\x1b[2J\x1b]0;owned\a line\r\nnext\tcell\u009b31m \u202eevil\u2028 😀`
	for _, args := range [][]string{{"failed"}, {"history"}, {"show", job}, {"failed", "--group"}, {"redrive", "--queue", "songs", "--dry-run"}} {
		out := q.ok(args...)
		want := shown
		if args[len(args)-1] == "--group" {
			want = strings.NewReplacer("[2", "[N", "0;", "N;", "31m", "Nm").Replace(shown)
		}
		require.Contains(t, out, want, args)
		require.Equal(t, -1, strings.IndexFunc(strings.ReplaceAll(out, "\n", ""), unsafeRune), args)

		code, out, errs := q.run(append(args, "--json")...)
		require.Equal(t, exitOK, code, errs)
		require.Equal(t, -1, strings.IndexFunc(strings.ReplaceAll(out, "\n", ""), unsafeRune), args)
	}
	require.Equal(t, hostile, q.array("failed")[0]["lastError"], "JSON keeps what it was")
	q.exec("INSERT INTO queue.job (queue, kind, key) SELECT queue, kind, key FROM queue.job_history")
	require.Contains(t, q.fails(exitError, "retry", job), `k\x1b[1m`)
}
