package queue_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

const progressOf = "SELECT progress || ' ' || coalesce(stage, '-') FROM queue.job ORDER BY id"

func (r *rig) awaitProgress(want string) {
	r.Helper()
	r.eventually("progress "+want, func() bool {
		all := r.strings(progressOf)
		return len(all) == 1 && all[0] == want
	})
}

func TestProgressIsWrittenAtMostFourTimesASecond(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec(`CREATE TABLE progress_write (at timestamptz DEFAULT clock_timestamp());
		CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO progress_write DEFAULT VALUES; RETURN NULL; END $$;
		CREATE TRIGGER note AFTER UPDATE OF progress ON queue.job FOR EACH ROW
			WHEN (OLD.state = 'running' AND NEW.state = 'running') EXECUTE FUNCTION note()`)
	r.enqueue(queue.Params{})
	finish := make(chan struct{})
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		for start, n := time.Now(), 0; time.Since(start) < 1200*time.Millisecond; n++ {
			job.SetProgress(n%100, "counting")
			time.Sleep(time.Millisecond)
		}
		job.SetProgress(99, "last")
		<-finish
		return nil
	}))
	r.awaitProgress("99 last")
	close(finish)
	r.awaitEnd()
	var n int
	var least float64
	require.NoError(t, r.pool.QueryRow(t.Context(), `SELECT count(*), coalesce(extract(epoch FROM min(gap))::float8, 0)
		FROM (SELECT at - lag(at) OVER (ORDER BY at) AS gap FROM progress_write) g`).Scan(&n, &least))
	require.GreaterOrEqual(t, n, 2)
	// Each write follows the last one's end by a quarter of a second; a trigger
	// sees the middle of it.
	require.Greater(t, least, 0.15)
}

func TestProgressIsBoundedAndStorable(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	steps, finish := make(chan func(*queue.Job)), make(chan struct{})
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		for {
			select {
			case step := <-steps:
				step(job)
			case <-finish:
				return nil
			}
		}
	}))
	for _, c := range []struct {
		percent     int
		stage, want string
	}{
		{150, "a", "100 a"}, {-5, "", "0 -"}, {50, "x\x00y\xff", "50 xy\ufffd"}, {60, strings.Repeat("é", 200), "60 " + strings.Repeat("é", 100)},
	} {
		steps <- func(j *queue.Job) { j.SetProgress(c.percent, c.stage) }
		r.awaitProgress(c.want)
	}
	close(finish)
	r.awaitEnd()
}

func TestProgressIsThatOfTheAttempt(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	goOn := make(chan struct{})
	h := work(func(_ context.Context, job *queue.Job) error {
		if job.Attempt == 1 {
			job.SetProgress(70, "mixing")
		}
		<-goOn
		if job.Attempt == 1 {
			return errors.New("boom")
		}
		return nil
	})
	h.Backoff = func(int) time.Duration { return time.Hour }
	r.worker(h)
	r.awaitProgress("70 mixing")
	goOn <- struct{}{}
	r.eventually("put off", func() bool { return r.only().State == "scheduled" })
	require.Equal(t, []string{"0 -"}, r.strings(progressOf))
	r.exec("UPDATE queue.job SET run_at = now(), progress = 33, stage = 'by hand'")
	r.eventually("second attempt", func() bool { return r.only().Attempt == 2 })
	require.Equal(t, []string{"0 -"}, r.strings(progressOf))
	close(goOn)
	r.awaitEnd()
}

// Whoever lost a job tells nothing any more.
func TestProgressIsFenced(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	former := r.register(time.Hour)
	held := r.claimOne(former)
	tell := func() {
		require.NoError(t, r.q.QueueProgress(t.Context(), r.pool, queries.QueueProgressParams{
			WorkerID: former, Ids: []int64{id}, Seqs: []int64{held.Seq}, Progress: []int16{50}, Stages: []string{"late"},
		}))
	}
	tell()
	require.Equal(t, []string{"50 late"}, r.strings(progressOf))
	require.Len(t, r.rescueAll(), 1)
	tell()
	require.Equal(t, []string{"0 -"}, r.strings(progressOf))
	r.claimOne(r.register(0))
	tell()
	require.Equal(t, []string{"0 -"}, r.strings(progressOf))
}
