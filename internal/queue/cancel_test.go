package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/notify"
	"son1k/internal/queue"
)

func (r *rig) cancel(key string) (x queue.Cancelled, err error) {
	r.Helper()
	err = pgx.BeginFunc(r.Context(), r.pool, func(tx pgx.Tx) (err error) {
		x, err = r.client.CancelTx(r.Context(), tx, queueName, key)
		return err
	})
	return x, err
}

func TestCancelEndsAWaitingJobAtOnce(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"waiting": 0, "scheduled": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			id, _ := r.enqueue(queue.Params{Key: "a", Delay: delay})
			x, err := r.cancel("a")
			require.NoError(t, err)
			require.Equal(t, queue.Cancelled{ID: id, Ended: true}, x)
			require.Empty(t, r.live())
			require.Equal(t, []ended{{ID: id, Outcome: queue.CancelledOut}}, r.history())
			_, err = r.cancel("a")
			require.ErrorIs(t, err, queue.ErrNoJob)
		})
	}
}

func TestCancelRollsBackWithItsTransaction(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Key: "a"})
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = r.client.CancelTx(t.Context(), tx, queueName, "a")
	require.NoError(t, err)
	require.NoError(t, tx.Rollback(t.Context()))
	require.Equal(t, "waiting", r.only().State)
	require.Empty(t, r.history())
}

// blocking returns a handler that waits for its context's end, and where it
// says that it has begun and why it ended.
func blocking() (h queue.Handler, began chan *queue.Job, causes chan error) {
	began, causes = make(chan *queue.Job, 100), make(chan error, 100)
	return work(func(ctx context.Context, job *queue.Job) error {
		began <- job
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return ctx.Err()
	}), began, causes
}

// Without any notification, the poll finds it.
func TestCancelReachesARunningJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{Key: "a"})
	h, began, causes := blocking()
	outcomes := make(chan queue.Outcome, 1)
	h.Ended = func(_ context.Context, _ pgx.Tx, _ *queue.Job, o queue.Outcome, _ error) (func(), error) {
		return func() { outcomes <- o }, nil
	}
	r.worker(h)
	receive(t, began)
	for range 2 { // again changes nothing
		x, err := r.cancel("a")
		require.NoError(t, err)
		require.Equal(t, queue.Cancelled{ID: id}, x)
	}
	require.ErrorIs(t, receive(t, causes), queue.ErrCancelled)
	require.Equal(t, queue.CancelledOut, receive(t, outcomes))
	require.Equal(t, []ended{{ID: id, Outcome: queue.CancelledOut, Attempt: 1}}, r.awaitEnd())
}

// The poll is too rare to be it.
func TestCancelAndWakeTravelOverNotify(t *testing.T) {
	t.Parallel()
	r := setup(t)
	h, began, causes := blocking()
	listener := notify.NewListener(r.pool.Config().ConnString(), slog.New(slog.DiscardHandler))
	w := r.newWorker(h, func(c *queue.WorkerConfig) { c.Poll = time.Hour })
	w.Listen(listener)
	for _, s := range []interface {
		Start(context.Context) error
		Started() <-chan struct{}
		Stop()
	}{r.sender, w, listener} {
		require.NoError(t, s.Start(t.Context()))
		t.Cleanup(s.Stop)
		receive(t, s.Started())
	}
	r.enqueue(queue.Params{Key: "a"})
	r.client.Wake("other queue")
	r.client.Wake(queueName)
	receive(t, began)
	x, err := r.cancel("a")
	require.NoError(t, err)
	r.client.Announce(x)
	require.ErrorIs(t, receive(t, causes), queue.ErrCancelled)
	require.Equal(t, queue.CancelledOut, r.awaitEnd()[0].Outcome)
}

// Whatever a handler makes of the attempt, a job that somebody wants cancelled
// is not put back, where it would keep its key and wait for its turn.
func TestCancelledJobIsNotPutBack(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]error{
		"retry":  errors.New("boom"),
		"snooze": queue.Snooze(time.Hour, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueue(queue.Params{Key: "a"})
			h := work(func(context.Context, *queue.Job) error {
				_, err := r.cancel("a") // after which the worker has not looked
				require.NoError(t, err)
				return answer
			})
			h.Backoff = func(int) time.Duration { return time.Hour }
			hook := make(chan queue.Outcome, 1)
			h.Ended = func(_ context.Context, _ pgx.Tx, _ *queue.Job, o queue.Outcome, _ error) (func(), error) {
				return func() { hook <- o }, nil
			}
			r.worker(h, func(c *queue.WorkerConfig) { c.Poll = time.Hour })
			require.Equal(t, queue.CancelledOut, receive(t, hook))
			require.Equal(t, queue.CancelledOut, r.awaitEnd()[0].Outcome)
		})
	}
}

// The job came back from a dead worker after somebody had cancelled it.
func TestCancelledJobIsNotStartedAgain(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{Key: "a"})
	r.exec("UPDATE queue.job SET cancel_requested_at = now()")
	r.worker(work(func(context.Context, *queue.Job) error { panic("started") }))
	require.Equal(t, queue.CancelledOut, r.awaitEnd()[0].Outcome)
}

func TestHandlerMayCancelItsJob(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{})
	r.worker(work(func(context.Context, *queue.Job) error { return queue.ErrCancelled }))
	require.Equal(t, queue.CancelledOut, r.awaitEnd()[0].Outcome)
}

// A crash of Postgres can undo a claim, whose commit does not wait for the disk.
// The worker that still runs the job may then claim it again under the same seq,
// just when it has found that it cannot put it back: that is no reason to cancel it.
func TestJobOfALostClaimIsNotCancelled(t *testing.T) {
	t.Parallel()
	r := setup(t)
	// Whoever ends a job that is nobody's claims it first, as by chance.
	r.exec("ALTER FUNCTION queue.finish RENAME TO finish_really")
	r.exec(`CREATE FUNCTION queue.finish(by_worker uuid, ids bigint[], seqs bigint[], results jsonb[], how queue.outcome, message text)
		RETURNS SETOF bigint LANGUAGE plpgsql AS $$
		BEGIN
			UPDATE queue.job SET state = 'running', worker_id = by_worker WHERE id = ANY (ids) AND worker_id IS NULL;
			RETURN QUERY SELECT * FROM queue.finish_really(by_worker, ids, seqs, results, how, message);
		END $$`)
	r.enqueue(queue.Params{})
	began := make(chan struct{})
	r.worker(work(func(ctx context.Context, _ *queue.Job) error {
		defer close(began)
		_, err := r.pool.Exec(ctx, "UPDATE queue.job SET state = 'waiting', worker_id = NULL, attempt = 0, started_at = NULL, claim_no = 0")
		if err != nil {
			return queue.Permanent(err)
		}
		return queue.Snooze(0, nil)
	}), func(c *queue.WorkerConfig) { c.Poll = time.Hour })
	<-began
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	require.Equal(t, queue.Completed, r.awaitEnd()[0].Outcome)
}
