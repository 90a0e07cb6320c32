package queue_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

func (r *rig) enqueueBatch(jobs []queue.Params) (answers []queue.Enqueued) {
	r.Helper()
	for i := range jobs {
		jobs[i].Queue, jobs[i].Kind = queueName, kind
	}
	require.NoError(r, pgx.BeginFunc(r.Context(), r.pool, func(tx pgx.Tx) (err error) {
		answers, err = r.client.EnqueueManyTx(r.Context(), tx, jobs)
		return err
	}))
	return answers
}

// strings returns a column of texts.
func (r *rig) strings(sql string, args ...any) []string {
	r.Helper()
	rows, err := r.pool.Query(r.Context(), sql, args...)
	require.NoError(r, err)
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(r, err)
	return all
}

func TestEnqueueManyKeepsTheOrder(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const n = 5000
	answers := r.enqueueBatch(keyed(n))
	require.Len(t, answers, n)
	inLine := r.strings("SELECT key FROM queue.job ORDER BY seq")
	byID := make(map[int64]string)
	for _, j := range r.live() {
		byID[j.ID] = ""
	}
	require.Len(t, byID, n)
	want := make([]string, n)
	for i := range n {
		want[i] = fmt.Sprint(i)
		require.True(t, answers[i].Inserted)
	}
	require.Equal(t, want, inLine)
	for _, i := range []int{0, 1, n / 2, n - 1} {
		require.Equal(t, want[i], r.keyOf(answers[i].ID))
	}
}

func TestEnqueueManyFindsLiveJobsWithItsKeys(t *testing.T) {
	t.Parallel()
	r := setup(t)
	live, _ := r.enqueue(queue.Params{Key: "live"})
	got := r.enqueueBatch([]queue.Params{{Key: "a"}, {Key: "live"}, {}, {Key: "a"}, {Key: "b"}, {}})
	made := []bool{true, false, true, false, true, true}
	for i, e := range got {
		require.Equal(t, made[i], e.Inserted, i)
	}
	require.Equal(t, live, got[1].ID)
	require.Equal(t, got[0].ID, got[3].ID)
	require.Equal(t, "b", r.keyOf(got[4].ID))
	require.NotEqual(t, got[2].ID, got[5].ID)
	require.Len(t, r.live(), 5)
}

func TestEnqueueManyOfNone(t *testing.T) {
	t.Parallel()
	r := setup(t)
	require.Empty(t, r.enqueueBatch(nil))
	require.Empty(t, r.live())
}

func TestEnqueueManyLeavesNothingBehindARollback(t *testing.T) {
	t.Parallel()
	r := setup(t)
	boom := errors.New("boom")
	err := pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		_, err := r.client.EnqueueManyTx(t.Context(), tx, []queue.Params{{Queue: queueName, Kind: kind}, {Queue: queueName, Kind: kind}})
		require.NoError(t, err)
		return boom
	})
	require.ErrorIs(t, err, boom)
	require.Empty(t, r.live())
}

func TestEnqueueManyBlocksWhatIsOverTheLimit(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueueBatch([]queue.Params{
		{Key: "a1", ConcurrencyKey: "a", ConcurrencyLimit: 2}, {Key: "b1", ConcurrencyKey: "b"}, {Key: "a2", ConcurrencyKey: "a", ConcurrencyLimit: 2},
		{Key: "free"}, {Key: "a3", ConcurrencyKey: "a", ConcurrencyLimit: 2}, {Key: "b2", ConcurrencyKey: "b"},
		{Key: "later", ConcurrencyKey: "c", Delay: time.Hour}, {Key: "c1", ConcurrencyKey: "c"},
	})
	require.Equal(t, []string{
		"a1 waiting", "b1 waiting", "a2 waiting", "free waiting", "a3 blocked", "b2 blocked", "later scheduled", "c1 waiting",
	}, r.strings("SELECT key || ' ' || state FROM queue.job ORDER BY id"))
}

// What one job keeps, one of many keeps too.
func TestEnqueueManyKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	r := setup(t)
	at := time.Now().Add(3 * time.Hour).Truncate(time.Millisecond).UTC()
	full := queue.Params{
		Priority: 7, MaxAttempts: 2, RunAt: at, Deadline: 5 * time.Hour, ConcurrencyKey: "u", ConcurrencyLimit: 4,
		Traceparent: "00-11-22-01", Payload: map[string]string{"song": "ñandú"},
	}
	delayed := queue.Params{Delay: 90 * time.Minute, Deadline: 1500 * time.Millisecond, ConcurrencyKey: "v"}
	for _, p := range []queue.Params{full, delayed, {}} {
		p.Key = "one"
		r.enqueue(p)
		p.Key = "many"
		r.enqueueBatch([]queue.Params{p, {}})
		rows := r.strings(`SELECT (to_jsonb(j) - '{id,seq,key,created_at,run_at,deadline_at}'::text[] || jsonb_build_object(
			'run_in', round(extract(epoch FROM run_at - created_at)), 'left', round(extract(epoch FROM deadline_at - created_at), 1)))::text
			FROM queue.job j WHERE key IN ('one', 'many') ORDER BY id`)
		require.Len(t, rows, 2)
		require.JSONEq(t, rows[0], rows[1])
		r.exec("DELETE FROM queue.job")
	}
	full.Key = "a"
	r.enqueueBatch([]queue.Params{full})
	var runAt time.Time
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT run_at FROM queue.job").Scan(&runAt))
	require.Equal(t, at, runAt.UTC())
	require.Equal(t, []string{"4"}, r.strings("SELECT concurrency_limit::text FROM queue.job"))
}

// The jobs of a batch run, and each with its own payload.
func TestEnqueueManyRuns(t *testing.T) {
	t.Parallel()
	r := setup(t)
	const n = 300
	jobs := make([]queue.Params, n)
	for i := range jobs {
		jobs[i] = queue.Params{Key: fmt.Sprint(i), Payload: i, ConcurrencyKey: fmt.Sprint(i % 10), ConcurrencyLimit: 2}
	}
	var ids []int64
	for _, e := range r.enqueueBatch(jobs) {
		ids = append(ids, e.ID)
	}
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		if job.Key != string(job.Payload) {
			t.Errorf("job %s has the payload %s", job.Key, job.Payload)
		}
		return nil
	}))
	r.awaitEnd()
	r.requireAll(ids, completed)
}
