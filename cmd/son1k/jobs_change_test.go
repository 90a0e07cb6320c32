package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestJobsRetry(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	failed, cancelled := q.ended("songs", "make", "failed", "no ink"), q.ended("songs", "make", "cancelled", "")
	completed, waiting := q.ended("songs", "make", "completed", ""), q.enqueue("songs", "make")
	back := q.array("retry", failed, cancelled)
	require.Len(t, back, 2)
	require.Equal(t, number(t, failed), back[0]["id"])
	require.Equal(t, "waiting", q.state(failed))
	require.Equal(t, "waiting", q.state(cancelled))

	q.exec("UPDATE queue.job SET run_at = now() + interval '1 hour', state = 'scheduled' WHERE id = $1::bigint", failed)
	require.Contains(t, q.ok("retry", failed), "waiting")

	// The others are retried, and each that is not is told about.
	more := q.ended("songs", "make", "failed", "no ink")
	code, out, errs := q.run("retry", completed, more, waiting, "4711", "--json")
	require.Equal(t, exitError, code)
	require.Len(t, array(t, out), 1)
	require.Equal(t, "waiting", q.state(more))
	require.Equal(t, []string{
		"son1k: job " + completed + " has completed: only scheduled, failed and cancelled jobs can be retried",
		"son1k: job " + waiting + " is waiting: only scheduled, failed and cancelled jobs can be retried",
		"son1k: there is no job 4711, neither live nor in the history",
		"",
	}, strings.Split(errs, "\n"))

	again := q.ended("songs", "make", "failed", "no ink")
	q.exec("UPDATE queue.job_history SET key = 'k' WHERE id = $1::bigint", again)
	q.exec("UPDATE queue.job SET key = 'k' WHERE id = $1::bigint", waiting)
	require.Contains(t, q.fails(exitError, "retry", again), "another live job of queue songs has its key k")
}

func TestJobsCancel(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	waiting, running := q.enqueue("songs", "make"), q.running("songs", "make")
	cancelled := q.array("cancel", waiting, running)
	require.Equal(t, []any{"waiting", "running"}, []any{cancelled[0]["stateWas"], cancelled[1]["stateWas"]})
	require.Equal(t, []any{true, false}, []any{cancelled[0]["ended"], cancelled[1]["ended"]})
	require.Empty(t, q.state(waiting))
	var asked bool
	q.value(&asked, "SELECT cancelling FROM queue.jobs WHERE id = $1::bigint", running)
	require.True(t, asked)

	// To cancel again changes nothing, and is no error.
	require.Contains(t, q.ok("cancel", waiting, running), "a worker ends it")
	completed := q.ended("songs", "make", "completed", "")
	require.Contains(t, q.fails(exitError, "cancel", completed), "job "+completed+" has ended: it is completed")
	require.Contains(t, q.fails(exitError, "cancel", "4711"), "there is no job 4711")
}

func TestJobsPriority(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	job := q.enqueue("songs", "make")
	require.EqualValues(t, 3, q.array("priority", job, "3")[0]["priority"])
	require.Contains(t, q.ok("priority", job, "0"), "PRIORITY")
	require.Contains(t, q.fails(exitUsage, "priority", job, "32768"), "from 0 to 32767")
	require.Contains(t, q.fails(exitError, "priority", "4711", "1"), "there is no job 4711")
	ended := q.ended("songs", "make", "failed", "")
	require.Contains(t, q.fails(exitError, "priority", ended, "1"), "has ended: it is failed")
}

func TestJobsPauseResume(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	code, out, errs := q.run("pause", "songs")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "paused")
	require.Contains(t, errs, "No live worker serves songs.")
	require.NotNil(t, q.array("queues")[0]["pausedAt"])
	require.Equal(t, "active", q.array("resume", "songs")[0]["state"])
	require.Contains(t, q.fails(exitError, "resume", "sogns"), `there is no queue "sogns"`)
	require.Contains(t, q.fails(exitUsage, "pause", strings.Repeat("x", 101)), "at most 100 characters")
}

func TestJobsDrain(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	job := q.running("songs", "make")
	require.Equal(t, "draining", q.array("drain", "songs")[0]["state"])
	require.Contains(t, q.fails(exitError, "drain", "songs", "--wait", "--timeout", "10ms"), "songs still has 1 job running; it stays paused")

	q.exec("UPDATE queue.queue SET paused_at = NULL")
	done := make(chan string)
	go func() {
		_, out, errs := q.run("drain", "songs", "--wait", "--timeout", "1m")
		done <- out + errs
	}()
	require.Eventually(t, func() bool {
		var paused bool
		q.value(&paused, "SELECT paused_at IS NOT NULL FROM queue.queue")
		return paused
	}, time.Minute, 10*time.Millisecond)
	select {
	case out := <-done:
		t.Fatal("it did not wait: " + out)
	default:
	}
	q.exec("DELETE FROM queue.job WHERE id = $1::bigint", job)
	require.Contains(t, <-done, "paused")

	q.running("songs", "make")
	go func() {
		_, out, errs := q.run("drain", "songs", "--wait")
		done <- out + errs
	}()
	require.Eventually(t, func() bool {
		select {
		case out := <-done:
			return strings.Contains(out, "somebody has resumed songs")
		default:
			q.exec("UPDATE queue.queue SET paused_at = NULL") // it may not have paused yet
			return false
		}
	}, time.Minute, drainEvery)
}

func TestJobsLimits(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Contains(t, q.fails(exitError, "limits", "songs"), "there is no queue")
	limits := q.array("limits", "songs", "--max-running", "7", "--rate", "25/1m30s", "--concurrency", "3", "--fair-every", "4")[0]
	require.EqualValues(t, 7, limits["maxRunning"])
	require.EqualValues(t, 25, limits["rateLimit"])
	require.EqualValues(t, 90, limits["rateWindowSeconds"])
	require.EqualValues(t, 3, limits["workerConcurrency"])
	require.EqualValues(t, 4, limits["fairEvery"])
	require.Contains(t, q.ok("limits", "songs"), "25/1m30s")

	limits = q.array("limits", "songs", "--rate", "none", "--fair-every", "0")[0]
	require.Nil(t, limits["rateLimit"])
	require.Nil(t, limits["rateWindowSeconds"])
	require.EqualValues(t, 7, limits["maxRunning"], "stays")
	require.EqualValues(t, 0, limits["fairEvery"])
	limits = q.array("limits", "songs", "--max-running", "none", "--concurrency", "none")[0]
	require.Nil(t, limits["maxRunning"])
	require.Nil(t, limits["workerConcurrency"])
}

func TestJobsEnqueue(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	job := q.array("enqueue", "--queue", "songs", "--kind", "make", "--payload", `{"n": 1}`, "--priority", "5", "--key", "k", "--max-attempts", "7", "--deadline", "1h")[0]
	require.Equal(t, true, job["added"])
	require.Equal(t, "waiting", job["state"])
	var payload string
	q.value(&payload, "SELECT payload::text || priority || max_attempts || key || (deadline_at - created_at) FROM queue.job")
	require.Equal(t, `{"n": 1}57k01:00:00`, payload)

	// The live job with the key comes back.
	again := q.array("enqueue", "--queue", "songs", "--kind", "make", "--key", "k")[0]
	require.Equal(t, job["id"], again["id"])
	require.Equal(t, false, again["added"])
	_, _, errs := q.run("enqueue", "--queue", "songs", "--kind", "make", "--key", "k")
	require.Contains(t, errs, "nothing was added")

	require.Equal(t, "scheduled", q.array("enqueue", "--queue", "songs", "--kind", "make", "--in", "2d")[0]["state"])
	at := q.array("enqueue", "--queue", "songs", "--kind", "make", "--at", "2099-01-31 08:00", "--utc")[0]
	require.Equal(t, "2099-01-31T08:00:00Z", at["runAt"])
	for _, want := range []string{"waiting", "blocked"} {
		require.Equal(t, want, q.array("enqueue", "--queue", "songs", "--kind", "make", "--concurrency-key", "u", "--concurrency-limit", "1")[0]["state"])
	}
}

func TestJobsEnqueuePayload(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	enqueue := []string{"enqueue", "--queue", "songs", "--kind", "make", "--json", "--payload"}
	file := filepath.Join(t.TempDir(), "payload.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"from": "file"}`), 0o600))
	q.ok(append(enqueue, "@"+file)...)
	code, _, errs := q.from(input{strings.NewReader(`{"from": "input"}`), false}, append(enqueue, "-")...)
	require.Equal(t, exitOK, code, errs)
	var got string
	q.value(&got, "SELECT string_agg(payload ->> 'from', ' ' ORDER BY id) FROM queue.job")
	require.Equal(t, "file input", got)

	require.Contains(t, q.fails(exitError, append(enqueue, "@"+file+".not")...), "no such file")
	require.Contains(t, q.fails(exitUsage, append(enqueue, "{")...), "valid JSON")
	require.Contains(t, q.fails(exitUsage, append(enqueue, `"\u0000"`)...), "son1k jobs enqueue: ")
	code, _, errs = q.from(input{strings.NewReader(strings.Repeat(" ", maxPayload+1)), false}, append(enqueue, "-")...)
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "more than 16 MiB")
}

func TestJobsSchedules(t *testing.T) {
	t.Parallel()
	q := setupQueue(t)
	require.Contains(t, q.ok("schedules"), "no schedule")
	set := []string{"schedule", "set", "nightly", "--queue", "songs", "--kind", "tidy", "--cron", "30 3 * * *", "--timezone", "Europe/Madrid", "--missed", "skip", "--priority", "7"}
	schedule := q.array(set...)[0]
	require.Equal(t, "nightly", schedule["name"])
	require.Equal(t, "active", schedule["state"])
	require.Equal(t, "skip", schedule["missed"])
	require.Contains(t, q.ok("schedules"), "30 3 * * *")

	require.Equal(t, "paused", q.array("schedule", "pause", "nightly")[0]["state"])
	require.Equal(t, "active", q.array("schedule", "resume", "nightly")[0]["state"])
	require.Contains(t, q.fails(exitUsage, append(set, "--timezone", "Moon/Tranquility")...), "no time zone Moon/Tranquility")
	require.Contains(t, q.fails(exitUsage, append(set, "--cron", "often")...), "five fields")

	require.Len(t, q.array("schedule", "drop", "nightly"), 1)
	require.Empty(t, q.array("schedules"))
	for _, verb := range []string{"pause", "resume", "drop"} {
		require.Equal(t, "son1k: there is no schedule \"nightly\"\n", q.fails(exitError, "schedule", verb, "nightly"))
	}
}
