package queue_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queries"
)

// Random histories of the queue's statements, by workers that crash, sleep and
// act on what they no longer hold, against a model in memory. After each step
// every job must be where the model has it: in the queue or in the history,
// once, with the same owner.
func TestQueueBehavesAsItsModel(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, pool)
		t.Repeat(map[string]func(*rapid.T){
			"":           m.check,
			"enqueue":    m.enqueue,
			"claim":      m.claim,
			"claim ":     m.claim, // twice as often
			"complete":   m.complete,
			"end":        m.end,
			"retry":      m.retry,
			"release":    m.release,
			"checkpoint": m.checkpoint,
			"cancel":     m.cancel,
			"promote":    m.promote,
			"silence":    m.silence,
			"heartbeat":  m.heartbeat,
			"rescue":     m.rescue,
		})
	})
}

// modelJob is a live job as it should be.
type modelJob struct {
	State      string
	Priority   int16
	Attempt    int16
	Max        int16
	Key        string
	Worker     uuid.UUID // zero unless running
	Cancelled  bool
	Checkpoint string
	Errors     int
	Seq        int64 // as drawn by the database
}

// modelClaim is a claim that was made at some time, perhaps long lost.
type modelClaim struct {
	id, seq int64
	worker  uuid.UUID
}

type model struct {
	pool    *pgxpool.Pool
	q       *queries.Queries
	jobs    map[int64]*modelJob
	history map[int64]string // outcome by id
	workers []uuid.UUID      // all that may act
	silent  map[uuid.UUID]bool
	rows    map[uuid.UUID]bool // those with a row
	claims  []modelClaim
	maxSeq  int64
	saved   int
}

func newModel(t *rapid.T, pool *pgxpool.Pool) *model {
	m := &model{
		pool: pool, q: queries.New(), jobs: make(map[int64]*modelJob), history: make(map[int64]string),
		silent: make(map[uuid.UUID]bool), rows: make(map[uuid.UUID]bool),
	}
	for _, table := range []string{"job", "job_history", "worker"} {
		_, err := pool.Exec(t.Context(), "DELETE FROM queue."+table)
		require.NoError(t, err)
	}
	for range 3 {
		m.register(t)
	}
	return m
}

func (m *model) register(t *rapid.T) {
	id := uuid.New()
	require.NoError(t, m.q.QueueRegisterWorker(t.Context(), m.pool, queries.QueueRegisterWorkerParams{
		ID: id, Queue: queueName, Kinds: []string{kind}, Concurrency: 1,
	}))
	m.workers, m.rows[id] = append(m.workers, id), true
}

func (m *model) anyWorker(t *rapid.T) uuid.UUID {
	return m.workers[rapid.IntRange(0, len(m.workers)-1).Draw(t, "worker")]
}

// anyClaim prefers recent claims, which are more often still good.
func (m *model) anyClaim(t *rapid.T) modelClaim {
	if len(m.claims) == 0 {
		t.Skip("nothing was ever claimed")
	}
	recent := m.claims[max(0, len(m.claims)-6):]
	return recent[rapid.IntRange(0, len(recent)-1).Draw(t, "claim")]
}

// held is the job of a claim that is still good.
func (m *model) held(c modelClaim) *modelJob {
	j := m.jobs[c.id]
	if j == nil || j.State != "running" || j.Seq != c.seq || j.Worker != c.worker {
		return nil
	}
	return j
}

func (m *model) live(key string) (int64, *modelJob) {
	for id, j := range m.jobs {
		if key != "" && j.Key == key {
			return id, j
		}
	}
	return 0, nil
}

// ready notes that jobs came to the line, where their place is behind all who
// were there. It reads their new numbers.
func (m *model) ready(t *rapid.T, ids ...int64) {
	newest := m.maxSeq
	for _, id := range ids {
		var seq int64
		require.NoError(t, m.pool.QueryRow(t.Context(), "SELECT seq FROM queue.job WHERE id = $1", id).Scan(&seq))
		require.Greater(t, seq, m.maxSeq)
		m.jobs[id].Seq = seq
		newest = max(newest, seq)
	}
	m.maxSeq = newest
}

func (m *model) leave(id int64, outcome string) {
	delete(m.jobs, id)
	m.history[id] = outcome
}

func (m *model) enqueue(t *rapid.T) {
	j := &modelJob{
		State:    "waiting",
		Priority: rapid.Int16Range(0, 2).Draw(t, "priority"),
		Max:      rapid.Int16Range(1, 3).Draw(t, "max"),
		Key:      rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "key"),
	}
	arg := queries.QueueEnqueueParams{Queue: queueName, Kind: kind, Priority: j.Priority, MaxAttempts: j.Max, Payload: []byte("{}")}
	if j.Key != "" {
		arg.Key = &j.Key
	}
	if rapid.Bool().Draw(t, "delayed") {
		j.State, arg.Delay = "scheduled", time.Hour
	}
	id, err := m.q.QueueEnqueue(t.Context(), m.pool, arg)
	if live, _ := m.live(j.Key); live != 0 {
		require.ErrorIs(t, err, pgx.ErrNoRows)
		found, err := m.q.QueueFind(t.Context(), m.pool, queries.QueueFindParams{Queue: queueName, Key: j.Key})
		require.NoError(t, err)
		require.Equal(t, live, found)
		return
	}
	require.NoError(t, err)
	require.NotContains(t, m.jobs, id)
	require.NotContains(t, m.history, id)
	m.jobs[id] = j
	m.ready(t, id)
}

func (m *model) claim(t *rapid.T) {
	worker, n := m.anyWorker(t), rapid.IntRange(1, 3).Draw(t, "n")
	var line []int64
	for id, j := range m.jobs {
		if j.State == "waiting" {
			line = append(line, id)
		}
	}
	slices.SortFunc(line, func(a, b int64) int {
		return cmp.Or(cmp.Compare(m.jobs[a].Priority, m.jobs[b].Priority), cmp.Compare(m.jobs[a].Seq, m.jobs[b].Seq))
	})
	rows, err := m.q.QueueClaim(t.Context(), m.pool, claimParams(worker, int32(n)))
	require.NoError(t, err)
	got := []int64{}
	for _, r := range rows {
		got = append(got, r.ID)
		j := m.jobs[r.ID]
		require.NotNil(t, j)
		j.State, j.Worker = "running", worker
		j.Attempt++
		require.Equal(t, j.Cancelled, r.CancelRequestedAt != nil)
		require.Equal(t, j.Checkpoint, string(r.Checkpoint))
		m.claims = append(m.claims, modelClaim{r.ID, r.Seq, worker})
	}
	require.ElementsMatch(t, line[:min(n, len(line))], got)
}

func (m *model) complete(t *rapid.T) {
	first := m.anyClaim(t)
	arg := queries.QueueCompleteParams{WorkerID: first.worker}
	var want []int64
	for _, c := range m.claims { // all that the worker ever claimed, good or not
		if c != first && (c.worker != first.worker || !rapid.Bool().Draw(t, "too")) {
			continue
		}
		arg.Ids, arg.Seqs, arg.Results = append(arg.Ids, c.id), append(arg.Seqs, c.seq), append(arg.Results, json.RawMessage("1"))
		if m.held(c) != nil {
			want = append(want, c.id)
		}
	}
	got, err := m.q.QueueComplete(t.Context(), m.pool, arg)
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
	for _, id := range want {
		m.leave(id, "completed")
	}
}

func (m *model) end(t *rapid.T) {
	c := m.anyClaim(t)
	ids, err := m.q.QueueEnd(t.Context(), m.pool, queries.QueueEndParams{
		ID: c.id, Seq: c.seq, WorkerID: c.worker, Outcome: queries.QueueOutcomeFailed, Message: "boom",
	})
	require.NoError(t, err)
	require.Equal(t, m.held(c) != nil, len(ids) == 1)
	if len(ids) == 1 {
		m.leave(c.id, "failed")
	}
}

func (m *model) retry(t *rapid.T) {
	c := m.anyClaim(t)
	n, err := m.q.QueueRetry(t.Context(), m.pool, queries.QueueRetryParams{
		ID: c.id, Seq: c.seq, WorkerID: c.worker, Delay: time.Hour, Message: "boom",
	})
	require.NoError(t, err)
	j := m.held(c)
	require.Equal(t, j != nil && !j.Cancelled, n == 1)
	if n == 1 {
		j.State, j.Worker = "scheduled", uuid.Nil
		j.Errors++
		m.ready(t, c.id)
	}
}

func (m *model) release(t *rapid.T) {
	c := m.anyClaim(t)
	arg := queries.QueueReleaseParams{ID: c.id, Seq: c.seq, WorkerID: c.worker, EvenCancelled: rapid.Bool().Draw(t, "even cancelled")}
	state := "waiting"
	if rapid.Bool().Draw(t, "delayed") {
		arg.Delay, state = time.Hour, "scheduled"
	}
	n, err := m.q.QueueRelease(t.Context(), m.pool, arg)
	require.NoError(t, err)
	j := m.held(c)
	require.Equal(t, j != nil && (!j.Cancelled || arg.EvenCancelled), n == 1)
	if n == 1 {
		j.State, j.Worker = state, uuid.Nil
		j.Attempt--
		m.ready(t, c.id)
	}
}

func (m *model) checkpoint(t *rapid.T) {
	c := m.anyClaim(t)
	m.saved++
	text := fmt.Sprint(m.saved)
	n, err := m.q.QueueCheckpoint(t.Context(), m.pool, queries.QueueCheckpointParams{
		ID: c.id, Seq: c.seq, WorkerID: c.worker, Checkpoint: []byte(text),
	})
	require.NoError(t, err)
	j := m.held(c)
	require.Equal(t, j != nil, n == 1)
	if n == 1 {
		j.Checkpoint = text
	}
}

func (m *model) cancel(t *rapid.T) {
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "key")
	row, err := m.q.QueueCancel(t.Context(), m.pool, queries.QueueCancelParams{Queue: queueName, Key: key})
	id, j := m.live(key)
	if j == nil {
		require.ErrorIs(t, err, pgx.ErrNoRows)
		return
	}
	require.NoError(t, err)
	require.Equal(t, queries.QueueCancelRow{ID: id, Ended: j.State != "running"}, row)
	if row.Ended {
		m.leave(id, "cancelled")
		return
	}
	j.Cancelled = true
}

// promote makes some of the scheduled jobs due.
func (m *model) promote(t *rapid.T) {
	var due []int64
	for _, id := range slices.Sorted(maps.Keys(m.jobs)) {
		if j := m.jobs[id]; j.State == "scheduled" && rapid.Bool().Draw(t, "due") {
			due = append(due, id)
		}
	}
	_, err := m.pool.Exec(t.Context(), "UPDATE queue.job SET run_at = now() WHERE id = ANY ($1)", due)
	require.NoError(t, err)
	n, err := m.q.QueuePromote(t.Context(), m.pool, 1000)
	require.NoError(t, err)
	require.EqualValues(t, len(due), n)
	for _, id := range due {
		m.jobs[id].State = "waiting"
	}
	m.ready(t, due...)
}

func (m *model) silence(t *rapid.T) {
	worker := m.anyWorker(t)
	_, err := m.pool.Exec(t.Context(), "UPDATE queue.worker SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", worker)
	require.NoError(t, err)
	m.silent[worker] = true
}

func (m *model) heartbeat(t *rapid.T) {
	worker := m.anyWorker(t)
	n, err := m.q.QueueHeartbeat(t.Context(), m.pool, queries.QueueHeartbeatParams{ID: worker})
	require.NoError(t, err)
	require.Equal(t, m.rows[worker], n == 1, "a worker learns that it was declared dead")
	delete(m.silent, worker)
}

// rescue also brings a new worker for each that was declared dead. The dead go
// on acting.
func (m *model) rescue(t *rapid.T) {
	for worker := range m.silent {
		if m.rows[worker] {
			delete(m.rows, worker)
			m.register(t)
		}
	}
	want := []int64{}
	for id, j := range m.jobs {
		if j.State == "running" && !m.rows[j.Worker] {
			want = append(want, id)
		}
	}
	rows, err := m.q.QueueRescue(t.Context(), m.pool, time.Minute)
	require.NoError(t, err)
	got := []int64{}
	for _, r := range rows {
		got = append(got, r.ID)
		j := m.jobs[r.ID]
		j.State, j.Worker = "waiting", uuid.Nil
		j.Errors++
	}
	require.ElementsMatch(t, want, got)
	m.ready(t, got...)
}

// check compares everything.
func (m *model) check(t *rapid.T) {
	ctx := context.Context(t.Context())
	rows, err := m.pool.Query(ctx, `SELECT id, state::text, priority, attempt, max_attempts, coalesce(key, ''),
		coalesce(worker_id, '00000000-0000-0000-0000-000000000000'), cancel_requested_at IS NOT NULL,
		coalesce(checkpoint::text, ''), coalesce(jsonb_array_length(errors), 0), seq FROM queue.job`)
	require.NoError(t, err)
	jobs := make(map[int64]*modelJob)
	for rows.Next() {
		var id int64
		j := new(modelJob)
		require.NoError(t, rows.Scan(&id, &j.State, &j.Priority, &j.Attempt, &j.Max, &j.Key, &j.Worker, &j.Cancelled,
			&j.Checkpoint, &j.Errors, &j.Seq))
		jobs[id] = j
	}
	require.NoError(t, rows.Err())
	require.Empty(t, gocmp.Diff(m.jobs, jobs), "in the queue (-want +got)")

	rows, err = m.pool.Query(ctx, "SELECT id, outcome::text FROM queue.job_history")
	require.NoError(t, err)
	history := make(map[int64]string)
	for rows.Next() {
		var id int64
		var outcome string
		require.NoError(t, rows.Scan(&id, &outcome))
		require.NotContains(t, history, id, "ended twice")
		history[id] = outcome
	}
	require.NoError(t, rows.Err())
	require.Empty(t, gocmp.Diff(m.history, history), "in the history (-want +got)")
}
