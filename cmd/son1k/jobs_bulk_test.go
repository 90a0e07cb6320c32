package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// live is how many jobs have not ended and are not being cancelled.
func (q *queueTest) live() (n int) {
	q.t.Helper()
	q.value(&n, "SELECT count(*) FROM queue.job WHERE cancel_requested_at IS NULL")
	return n
}

func setupBulk(t *testing.T) *queueTest {
	t.Helper()
	q := setupQueue(t)
	q.enqueue("songs", "make")
	q.enqueue("songs", "make")
	q.enqueue("songs", "mix")
	q.running("songs", "make")
	q.enqueue("mail", "send")
	for range 3 {
		q.ended("songs", "make", "failed", "no ink")
	}
	q.ended("songs", "mix", "failed", "no paper")
	return q
}

func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	out := q.ok("cancel", "--queue", "songs", "--dry-run")
	require.Contains(t, out, "4 jobs to cancel:")
	require.Contains(t, out, "   2  make  waiting\n")
	require.Contains(t, out, "   1  make  running\n")
	require.Contains(t, out, "Workers will end 1 of them")
	preview := q.array("cancel", "--queue", "songs", "--dry-run", "--yes")[0]
	require.EqualValues(t, 4, preview["jobs"])
	require.EqualValues(t, 3, preview["endingAtOnce"])
	require.Len(t, preview["groups"], 3)
	require.Len(t, preview["examples"], 4)

	out = q.ok("redrive", "--queue", "songs", "--dry-run")
	require.Contains(t, out, "4 jobs to bring back:")
	require.Contains(t, out, "no paper")
	require.EqualValues(t, 4, q.array("redrive", "--queue", "songs", "--dry-run", "--yes")[0]["jobs"])
	require.Equal(t, 5, q.live())
}

func TestBulkChangesNeedATerminalOrYes(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	for _, verb := range []string{"cancel", "redrive"} {
		code, out, errs := q.run(verb, "--queue", "songs")
		require.Equal(t, exitError, code)
		require.Empty(t, out)
		require.Contains(t, errs, "4 jobs to ")
		require.Contains(t, errs, "nothing was changed: there is no terminal")
		require.Contains(t, errs, "--yes")
	}
	require.Equal(t, 5, q.live())
}

func TestBulkChangesAsk(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	for _, answer := range []string{"", "no\n", "y\n", "YES\n", "\n", "yes please\n"} {
		for _, verb := range []string{"cancel", "redrive"} {
			code, out, errs := q.answer(answer, verb, "--queue", "songs")
			require.Equal(t, exitError, code)
			require.Empty(t, out)
			require.True(t, strings.HasSuffix(errs, "\nType yes to go on: son1k: nothing was changed\n"), errs)
		}
	}
	require.Equal(t, 5, q.live())

	code, out, _ := q.answer("yes\n", "redrive", "--queue", "songs")
	require.Equal(t, exitOK, code)
	require.Equal(t, "4 jobs brought back.\n", out)
	require.Equal(t, 9, q.live())
	code, out, _ = q.answer("yes", "cancel", "--queue", "songs")
	require.Equal(t, exitOK, code)
	require.Equal(t, "8 jobs cancelled; workers are ending 1 of them.\n", out)
	require.Equal(t, 1, q.live(), "the other queue's")
}

func TestBulkFilters(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	count := func(args ...string) any {
		return q.array(append(args, "--dry-run", "--queue", "songs")...)[0]["jobs"]
	}
	require.EqualValues(t, 3, count("cancel", "--kind", "make"))
	require.EqualValues(t, 3, count("cancel", "--state", "waiting"))
	require.EqualValues(t, 0, count("cancel", "--older-than", "1h"))
	require.EqualValues(t, 0, count("cancel", "--concurrency-key", "u"))
	q.exec("UPDATE queue.job SET key = 'user-1:song', created_at = now() - interval '2 days' WHERE id = 2")
	require.EqualValues(t, 1, count("cancel", "--older-than", "1d12h"))
	require.EqualValues(t, 1, count("cancel", "--key-like", "user-1:%"))
	require.EqualValues(t, 3, count("redrive", "--error-like", "%ink"))
	require.EqualValues(t, 1, count("redrive", "--kind", "mix"))
	q.exec("UPDATE queue.job_history SET finished_at = now() - interval '2 hours' WHERE kind = 'mix'")
	require.EqualValues(t, 3, count("redrive", "--since", "1h"))

	out := q.ok("cancel", "--queue", "songs", "--max", "2", "--dry-run")
	require.Contains(t, out, "2 jobs to cancel, which is as many as --max allows: there may be more:")
	require.Len(t, q.array("cancel", "--queue", "songs", "--max", "2", "--yes"), 2)
	require.Len(t, q.array("redrive", "--queue", "songs", "--max", "3", "--yes"), 3)
}

func TestBulkWithoutMatches(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	for _, verb := range []string{"cancel", "redrive"} {
		code, out, errs := q.run(verb, "--queue", "nowhere")
		require.Equal(t, exitOK, code)
		require.Empty(t, out)
		require.Equal(t, "No job matches: there is nothing to do.\n", errs)
		require.Empty(t, q.array(verb, "--queue", "nowhere"))
	}
}

// Standard output is for what changed alone.
func TestJSONOfABulkChange(t *testing.T) {
	t.Parallel()
	q := setupBulk(t)
	code, out, errs := q.run("cancel", "--queue", "songs", "--yes", "--json")
	require.Equal(t, exitOK, code)
	require.Contains(t, errs, "4 jobs to cancel", "told beside")
	cancelled := array(t, out)
	require.Len(t, cancelled, 4)
	require.Equal(t, []string{"ended", "id", "key", "kind", "queue", "stateWas"}, fields(cancelled[0]))
	back := q.array("redrive", "--queue", "songs", "--yes")
	require.Len(t, back, 4)
	require.Equal(t, "waiting", back[0]["state"])
}
