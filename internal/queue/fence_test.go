package queue_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

// claimOne takes the only job for a worker that exists in the test only.
func (r *rig) claimOne(worker uuid.UUID) queries.QueueClaimRow {
	r.Helper()
	rows, err := r.q.QueueClaim(r.Context(), r.pool, claimParams(worker, 1))
	require.NoError(r, err)
	require.Len(r, rows, 1)
	return rows[0]
}

// stale is every statement by which a worker changes a job, each reporting how
// many it changed.
func (r *rig) stale(worker uuid.UUID, id, seq int64) map[string]int {
	r.Helper()
	ctx := r.Context()
	stale := "stale"
	completedIDs, err := r.q.QueueFinish(ctx, r.pool, finishParams(worker, id, seq))
	require.NoError(r, err)
	failed := finishParams(worker, id, seq)
	failed.Outcome, failed.Message = queries.QueueOutcomeFailed, &stale
	endedIDs, err := r.q.QueueFinish(ctx, r.pool, failed)
	require.NoError(r, err)
	retried, err := r.q.QueuePutBack(ctx, r.pool, queries.QueuePutBackParams{ID: id, Seq: seq, WorkerID: worker, Message: &stale})
	require.NoError(r, err)
	released, err := r.q.QueuePutBack(ctx, r.pool, queries.QueuePutBackParams{ID: id, Seq: seq, WorkerID: worker, EvenCancelled: true})
	require.NoError(r, err)
	require.NoError(r, r.q.QueueProgress(ctx, r.pool, queries.QueueProgressParams{
		WorkerID: worker, Ids: []int64{id}, Seqs: []int64{seq}, Progress: []int16{99}, Stages: []string{"stale"},
	}))
	var told int
	require.NoError(r, r.pool.QueryRow(ctx, "SELECT count(*) FROM queue.job WHERE progress = 99").Scan(&told))
	saved, err := r.q.QueueCheckpoint(ctx, r.pool, queries.QueueCheckpointParams{ID: id, Seq: seq, WorkerID: worker, Checkpoint: []byte(`"stale"`)})
	require.NoError(r, err)
	return map[string]int{
		"complete": len(completedIDs), "end": len(endedIDs), "retry": count(retried), "release": count(released),
		"checkpoint": int(saved), "progress": told,
	}
}

func count(did bool) int {
	if did {
		return 1
	}
	return 0
}

// finishParams completes one job.
func finishParams(worker uuid.UUID, id, seq int64) queries.QueueFinishParams {
	return queries.QueueFinishParams{
		Ids: []int64{id}, Seqs: []int64{seq}, Results: []json.RawMessage{nil}, WorkerID: worker, Outcome: queries.QueueOutcomeCompleted,
	}
}

var nothing = map[string]int{"complete": 0, "end": 0, "retry": 0, "release": 0, "checkpoint": 0, "progress": 0}

func TestWhoeverLostAJobChangesNothing(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(r *rig, old uuid.UUID, c queries.QueueClaimRow) (owner uuid.UUID){
		"rescued": func(r *rig, _ uuid.UUID, _ queries.QueueClaimRow) uuid.UUID {
			r.rescueAll()
			return r.register(0)
		},
		"released, and taken again by the same worker": func(r *rig, old uuid.UUID, c queries.QueueClaimRow) uuid.UUID {
			done, err := r.q.QueuePutBack(r.Context(), r.pool, queries.QueuePutBackParams{ID: c.ID, Seq: c.Seq, WorkerID: old})
			require.NoError(r, err)
			require.True(r, done)
			return old
		},
		"retried, and taken again by the same worker": func(r *rig, old uuid.UUID, c queries.QueueClaimRow) uuid.UUID {
			boom := "boom"
			done, err := r.q.QueuePutBack(r.Context(), r.pool, queries.QueuePutBackParams{
				ID: c.ID, Seq: c.Seq, WorkerID: old, Message: &boom, Delay: time.Nanosecond * 1000,
			})
			require.NoError(r, err)
			require.True(r, done)
			require.EqualValues(r, 1, r.promote())
			return old
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.enqueue(queue.Params{})
			old := r.register(0)
			first := r.claimOne(old)
			owner := lose(r, old, first)
			require.Equal(t, nothing, r.stale(old, first.ID, first.Seq), "while nobody has it")
			second := r.claimOne(owner)
			require.Equal(t, nothing, r.stale(old, first.ID, first.Seq), "while somebody has it")
			require.Equal(t, nothing, r.stale(r.register(0), second.ID, second.Seq), "while somebody else has it")
			require.Equal(t, row{ID: second.ID, State: "running", Attempt: second.Attempt, Seq: second.Seq, WorkerID: &owner}, r.only())
			require.Empty(t, r.history())
		})
	}
}

// promote makes what is due ready, and returns how many jobs that were.
func (r *rig) promote() int32 {
	r.Helper()
	p, err := r.q.QueuePromote(r.Context(), r.pool, queries.QueuePromoteParams{Queue: queueName, MaxJobs: 1000})
	require.NoError(r, err)
	return p.Promoted
}

// rescueAll declares all workers dead and takes their jobs back.
func (r *rig) rescueAll() []queries.QueueRescueRow {
	r.Helper()
	r.exec("UPDATE queue.worker SET heartbeat_at = now() - interval '1 hour'")
	rows, err := r.q.QueueRescue(r.Context(), r.pool, time.Minute)
	require.NoError(r, err)
	return rows
}

func TestHandlerIsToldThatItsJobIsLost(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	h, began, _ := blocking()
	told := make(chan error, 2)
	h.Work = func(ctx context.Context, job *queue.Job) error {
		began <- job
		<-ctx.Done()
		ctx = context.WithoutCancel(ctx)
		told <- job.SaveCheckpoint(ctx, r.pool, 1)
		told <- pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) error { return job.CompleteTx(ctx, tx, nil) })
		return nil
	}
	w := r.worker(h, func(c *queue.WorkerConfig) { c.SoftStop = time.Millisecond })
	receive(t, began)
	r.exec("UPDATE queue.job SET worker_id = $1, seq = queue.draw_seq()", uuid.New())
	w.Stop()
	require.ErrorIs(t, receive(t, told), queue.ErrLost)
	require.ErrorIs(t, receive(t, told), queue.ErrLost)
	require.Equal(t, id, r.only().ID)
	require.Empty(t, r.history())
}

// concurrently runs write while tx holds the job, commits tx, and waits.
func (r *rig) concurrently(tx pgx.Tx, write func(conn *pgx.Conn)) {
	r.Helper()
	conn, err := pgx.Connect(r.Context(), r.pool.Config().ConnString())
	require.NoError(r, err)
	defer conn.Close(context.WithoutCancel(r.Context()))
	pid := conn.PgConn().PID()
	done := make(chan struct{})
	go func() { defer close(done); write(conn) }()
	r.eventually("it waits for the lock", func() bool {
		var waits bool
		require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT cardinality(pg_blocking_pids($1)) > 0", pid).Scan(&waits))
		return waits
	})
	require.NoError(r, tx.Commit(r.Context()))
	receive(r, done)
}

// Postgres decides anew about a row that it had to wait for; here it must still
// find the job in the batch.
func TestCompleteWaitsForWhoeverCancels(t *testing.T) {
	t.Parallel()
	r := setup(t)
	worker := r.register(0)
	r.enqueueMany(2)
	r.exec("UPDATE queue.job SET key = id")
	rows, err := r.q.QueueClaim(t.Context(), r.pool, claimParams(worker, 2))
	require.NoError(t, err)
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = r.client.CancelTx(t.Context(), tx, queueName, *rows[1].Key)
	require.NoError(t, err)
	arg := queries.QueueFinishParams{WorkerID: worker, Outcome: queries.QueueOutcomeCompleted}
	for i, c := range rows {
		arg.Ids, arg.Seqs = append(arg.Ids, c.ID), append(arg.Seqs, c.Seq)
		arg.Results = append(arg.Results, json.RawMessage(`[`+string('1'+rune(i))+`]`))
	}
	r.concurrently(tx, func(conn *pgx.Conn) {
		ids, err := r.q.QueueFinish(t.Context(), conn, arg)
		require.NoError(t, err)
		require.ElementsMatch(t, arg.Ids, ids)
	})
	r.requireAll(arg.Ids, completed)
	for _, e := range r.history() {
		for i, id := range arg.Ids {
			if e.ID == id {
				require.JSONEq(t, string(arg.Results[i]), string(e.Result))
			}
		}
	}
}

func TestCancelWaitsForWhoever(t *testing.T) {
	t.Parallel()
	setupJob := func(t *testing.T, claimed bool) (r *rig, worker uuid.UUID, job, seq int64) {
		r = setup(t)
		worker = r.register(0)
		id, _ := r.enqueue(queue.Params{Key: "a"})
		if claimed {
			r.claim(worker, 1)
		}
		return r, worker, id, r.only().Seq
	}
	t.Run("claims", func(t *testing.T) {
		t.Parallel()
		r, worker, id, _ := setupJob(t, false)
		tx, err := r.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = r.q.QueueClaim(t.Context(), tx, claimParams(worker, 1))
		require.NoError(t, err)
		r.concurrently(tx, func(conn *pgx.Conn) {
			x, err := r.q.QueueCancel(t.Context(), conn, queries.QueueCancelParams{Queue: queueName, Key: "a"})
			require.NoError(t, err)
			require.Equal(t, queries.QueueCancelRow{ID: id, Ended: false}, x)
		})
		require.Equal(t, "running", r.only().State)
	})
	t.Run("completes", func(t *testing.T) {
		t.Parallel()
		r, worker, id, seq := setupJob(t, true)
		tx, err := r.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = r.q.QueueFinish(t.Context(), tx, finishParams(worker, id, seq))
		require.NoError(t, err)
		r.concurrently(tx, func(conn *pgx.Conn) {
			_, err := r.q.QueueCancel(t.Context(), conn, queries.QueueCancelParams{Queue: queueName, Key: "a"})
			require.ErrorIs(t, err, pgx.ErrNoRows)
		})
		r.requireAll([]int64{id}, completed)
	})
	t.Run("gives back", func(t *testing.T) {
		t.Parallel()
		r, worker, id, seq := setupJob(t, true)
		tx, err := r.pool.Begin(t.Context())
		require.NoError(t, err)
		_, err = r.q.QueuePutBack(t.Context(), tx, queries.QueuePutBackParams{ID: id, Seq: seq, WorkerID: worker})
		require.NoError(t, err)
		r.concurrently(tx, func(conn *pgx.Conn) {
			x, err := r.q.QueueCancel(t.Context(), conn, queries.QueueCancelParams{Queue: queueName, Key: "a"})
			require.NoError(t, err)
			require.True(t, x.Ended)
		})
		r.requireAll([]int64{id}, queue.CancelledOut)
	})
}
