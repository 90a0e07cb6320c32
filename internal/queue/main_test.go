package queue_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/notify"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

func TestMain(m *testing.M) {
	if dsn := os.Getenv(childEnv); dsn != "" {
		os.Exit(runChild(dsn))
	}
	pgtest.Main(m)
}

const (
	queueName = "q"
	kind      = "k"
	patience  = 30 * time.Second // until a test gives up
)

// rig is a database of the test's own with what is needed to use its queue.
type rig struct {
	*testing.T
	pool   *pgxpool.Pool
	q      *queries.Queries
	sender *notify.Sender // not started
	client *queue.Client
}

func setup(t *testing.T) *rig { return newRig(t, pgtest.New(t)) }

func newRig(t *testing.T, pool *pgxpool.Pool) *rig {
	s := notify.NewSender(pool.Config().ConnString(), slog.New(slog.DiscardHandler))
	return &rig{T: t, pool: pool, q: queries.New(), sender: s, client: queue.NewClient(pool, s)}
}

func (r *rig) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(r.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// enqueue adds a job of the usual queue and kind, and returns its id.
func (r *rig) enqueue(p queue.Params) (id int64, inserted bool) {
	r.Helper()
	p.Queue = queueName
	if p.Kind == "" {
		p.Kind = kind
	}
	require.NoError(r, pgx.BeginFunc(r.Context(), r.pool, func(tx pgx.Tx) (err error) {
		id, inserted, err = r.client.EnqueueTx(r.Context(), tx, p)
		return err
	}))
	return id, inserted
}

func (r *rig) enqueueMany(n int) []int64 {
	r.Helper()
	ids := make([]int64, n)
	require.NoError(r, pgx.BeginFunc(r.Context(), r.pool, func(tx pgx.Tx) (err error) {
		for i := range ids {
			if ids[i], _, err = r.client.EnqueueTx(r.Context(), tx, queue.Params{Queue: queueName, Kind: kind}); err != nil {
				return err
			}
		}
		return nil
	}))
	return ids
}

func (r *rig) exec(sql string, args ...any) {
	r.Helper()
	_, err := r.pool.Exec(r.Context(), sql, args...)
	require.NoError(r, err)
}

// work is a handler of the usual kind that retries soon.
func work(f func(context.Context, *queue.Job) error) queue.Handler {
	return queue.Handler{Kind: kind, Work: f, Backoff: func(int) time.Duration { return time.Millisecond }}
}

// newWorker makes a worker that is quicker than one in production.
func (r *rig) newWorker(h queue.Handler, options ...func(*queue.WorkerConfig)) *queue.Worker {
	r.Helper()
	cfg := queue.WorkerConfig{
		Pool: r.pool, Log: r.log(), Queue: queueName, Handlers: []queue.Handler{h}, Concurrency: 3,
		Poll: 20 * time.Millisecond, Heartbeat: 100 * time.Millisecond, DeadAfter: 10 * time.Second,
	}
	for _, o := range options {
		o(&cfg)
	}
	w, err := queue.NewWorker(cfg)
	require.NoError(r, err)
	return w
}

// worker starts a worker, which is stopped at the end of the test.
func (r *rig) worker(h queue.Handler, options ...func(*queue.WorkerConfig)) *queue.Worker {
	r.Helper()
	w := r.newWorker(h, options...)
	require.NoError(r, w.Start(r.Context()))
	r.Cleanup(w.Stop)
	receive(r, w.Started())
	return w
}

// receive takes a value from a channel, or fails the test.
func receive[T any](t require.TestingT, c <-chan T) (v T) {
	select {
	case v = <-c:
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
	return v
}

// eventually waits for a condition.
func (r *rig) eventually(what string, f func() bool) {
	r.Helper()
	require.Eventually(r, f, patience, 5*time.Millisecond, what)
}

// ended is a row of the history.
type ended struct {
	ID      int64
	Outcome queue.Outcome
	Attempt int16
	Result  json.RawMessage
	Errors  []attemptError
}

type attemptError struct {
	Attempt int
	Error   string
	Worker  uuid.UUID
}

const completed = queue.Completed

func (r *rig) history() []ended {
	r.Helper()
	rows, err := r.pool.Query(r.Context(), "SELECT id, outcome::text, attempt, result, errors FROM queue.job_history ORDER BY id")
	require.NoError(r, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[ended])
	require.NoError(r, err)
	return all
}

// awaitEnd waits until no live job is left, and returns the history.
func (r *rig) awaitEnd() []ended {
	r.Helper()
	r.eventually("jobs remain", func() bool { return len(r.live()) == 0 })
	return r.history()
}

// row is a live job.
type row struct {
	ID       int64
	State    string
	Attempt  int16
	Seq      int64
	WorkerID *uuid.UUID
}

func (r *rig) live() []row {
	r.Helper()
	rows, err := r.pool.Query(r.Context(), "SELECT id, state::text, attempt, seq, worker_id FROM queue.job ORDER BY id")
	require.NoError(r, err)
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[row])
	require.NoError(r, err)
	return all
}

func (r *rig) only() row {
	r.Helper()
	all := r.live()
	require.Len(r, all, 1)
	return all[0]
}

// requireAll says that each of the jobs has ended, once, with the outcome.
func (r *rig) requireAll(ids []int64, outcome queue.Outcome) {
	r.Helper()
	times := make(map[int64]int)
	for _, e := range r.history() {
		require.Equal(r, outcome, e.Outcome, "job %d", e.ID)
		times[e.ID]++
	}
	require.Len(r, times, len(ids))
	for _, id := range ids {
		require.Equal(r, 1, times[id], "job %d", id)
	}
	require.Empty(r, r.live())
}
