package queue_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/queries"
)

// turn is which jobs a claim takes.
func (m *model) turn(worker uuid.UUID, n int) []*modelJob {
	if !m.alive[worker] || m.paused {
		return nil
	}
	if m.maxRunning > 0 {
		n = min(n, m.maxRunning-len(m.line(func(j *modelJob) bool { return j.State == "running" })))
	}
	n = max(n, 0)
	line := m.line(func(j *modelJob) bool { return j.State == "waiting" })
	oldest := slices.Clone(line)
	slices.SortFunc(oldest, func(a, b *modelJob) int { return cmp.Compare(a.order, b.order) })
	before := int(m.claimed[worker])
	fair := (before+n)/modelFairEvery - before/modelFairEvery
	picked := oldest[:min(fair, len(oldest))]
	for _, j := range line {
		if len(picked) < n && !slices.Contains(picked, j) {
			picked = append(picked, j)
		}
	}
	return picked
}

func (m *model) claim(t *rapid.T) {
	worker, n := m.anyWorker(t), rapid.IntRange(1, 3).Draw(t, "n")
	want := []*modelJob{}
	want = append(want, m.turn(worker, n)...)
	arg := claimParams(worker, int32(n))
	arg.Priorities, arg.Marks = m.marks[worker].Arrays()
	arg.ClaimedBefore = m.claimed[worker]
	rows, err := m.q.QueueClaim(t.Context(), m.pool, arg)
	require.NoError(t, err)
	got := []*modelJob{}
	for _, r := range rows {
		j := m.jobs[r.ID]
		require.NotNil(t, j)
		got = append(got, j)
		require.Equal(t, j.Cancelled, r.CancelRequestedAt != nil)
		require.Equal(t, j.Checkpoint, string(r.Checkpoint))
		m.claims = append(m.claims, modelClaim{r.ID, r.Seq, worker})
	}
	require.ElementsMatch(t, want, got)
	for _, j := range got {
		j.State, j.Worker = "running", worker
		j.Attempt++
	}
	m.claimed[worker] += int64(len(got))
}

func (m *model) complete(t *rapid.T) {
	first := m.anyClaim(t)
	arg := queries.QueueFinishParams{WorkerID: first.worker, Outcome: queries.QueueOutcomeCompleted}
	var want []int64
	groups := 0
	for _, c := range m.claims { // all that the worker ever claimed, good or not
		if c != first && (c.worker != first.worker || !rapid.Bool().Draw(t, "too")) {
			continue
		}
		if j := m.held(c); j != nil && j.Group != "" {
			if groups++; groups > 1 {
				continue // which of two places is given on first would depend on the plan
			}
		}
		arg.Ids, arg.Seqs, arg.Results = append(arg.Ids, c.id), append(arg.Seqs, c.seq), append(arg.Results, json.RawMessage("1"))
		if m.held(c) != nil {
			want = append(want, c.id)
		}
	}
	got, err := m.q.QueueFinish(t.Context(), m.pool, arg)
	require.NoError(t, err)
	require.ElementsMatch(t, want, got)
	for _, id := range want {
		m.leave(id, "completed")
	}
}

func (m *model) end(t *rapid.T) {
	c := m.anyClaim(t)
	message := "boom"
	arg := finishParams(c.worker, c.id, c.seq)
	arg.Outcome, arg.Message = queries.QueueOutcomeFailed, &message
	ids, err := m.q.QueueFinish(t.Context(), m.pool, arg)
	require.NoError(t, err)
	require.Equal(t, m.held(c) != nil, len(ids) == 1)
	if len(ids) == 1 {
		m.leave(c.id, "failed")
	}
}

func (m *model) retry(t *rapid.T) {
	c := m.anyClaim(t)
	message := "boom"
	done, err := m.q.QueuePutBack(t.Context(), m.pool, queries.QueuePutBackParams{
		ID: c.id, Seq: c.seq, WorkerID: c.worker, Delay: time.Hour, Message: &message,
	})
	require.NoError(t, err)
	j := m.held(c)
	require.Equal(t, j != nil && !j.Cancelled, done)
	if done {
		j.Errors++
		m.putBack(j, "scheduled")
	}
}

func (m *model) putBack(j *modelJob, state string) {
	j.State, j.Worker = state, uuid.Nil
	m.draw(j)
	if state == "scheduled" {
		m.unblock(j.Group)
	}
}

func (m *model) release(t *rapid.T) {
	c := m.anyClaim(t)
	arg := queries.QueuePutBackParams{ID: c.id, Seq: c.seq, WorkerID: c.worker, EvenCancelled: rapid.Bool().Draw(t, "even cancelled")}
	state := "waiting"
	if rapid.Bool().Draw(t, "delayed") {
		arg.Delay, state = time.Hour, "scheduled"
	}
	done, err := m.q.QueuePutBack(t.Context(), m.pool, arg)
	require.NoError(t, err)
	j := m.held(c)
	require.Equal(t, j != nil && (!j.Cancelled || arg.EvenCancelled), done)
	if done {
		j.Attempt--
		m.putBack(j, state)
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

func (m *model) setPriority(t *rapid.T) {
	id, j := m.anyJob(t)
	priority := rapid.Int16Range(0, 2).Draw(t, "priority")
	m.exec(t, "SELECT queue.set_priority($1, $2)", id, priority)
	if j.State == "waiting" && j.Priority != priority {
		m.draw(j)
	}
	j.Priority = priority
}

// promote makes some of the scheduled jobs due, one after the other.
func (m *model) promote(t *rapid.T) {
	var due []*modelJob
	for _, id := range slices.Sorted(maps.Keys(m.jobs)) {
		if j := m.jobs[id]; j.State == "scheduled" && rapid.Bool().Draw(t, "due") {
			due = append(due, j)
			m.exec(t, "UPDATE queue.job SET run_at = now() - interval '1 hour' + $2 * interval '1 s' WHERE id = $1", id, len(due))
		}
	}
	p, err := m.q.QueuePromote(t.Context(), m.pool, queries.QueuePromoteParams{Queue: queueName, MaxJobs: 1000})
	require.NoError(t, err)
	require.EqualValues(t, len(due), p.Promoted)
	groups := make(map[string]bool)
	for _, j := range due {
		m.draw(j)
		j.State = "waiting"
		if j.Group != "" {
			j.State = "blocked"
			groups[j.Group] = true
		}
	}
	for _, g := range slices.Sorted(maps.Keys(groups)) {
		m.unblock(g)
	}
}

func (m *model) silence(t *rapid.T) {
	worker := m.anyWorker(t)
	m.exec(t, "UPDATE queue.worker SET heartbeat_at = now() - interval '1 hour' WHERE id = $1", worker)
	m.silent[worker] = true
}

func (m *model) heartbeat(t *rapid.T) {
	worker := m.anyWorker(t)
	n, err := m.q.QueueHeartbeat(t.Context(), m.pool, queries.QueueHeartbeatParams{ID: worker, Concurrency: 1})
	require.NoError(t, err)
	require.Equal(t, m.alive[worker], n == 1, "a worker learns that it was declared dead")
	if n == 1 {
		delete(m.silent, worker)
	}
}

// rescue also brings a new worker for each that was declared dead. The dead go
// on acting.
func (m *model) rescue(t *rapid.T) {
	for worker := range m.silent {
		if m.alive[worker] {
			m.alive[worker] = false
			defer m.register(t)
		}
	}
	want := []int64{}
	for id, j := range m.jobs {
		if j.State == "running" && !m.alive[j.Worker] {
			want = append(want, id)
		}
	}
	rows, err := m.q.QueueRescue(t.Context(), m.pool, time.Minute)
	require.NoError(t, err)
	got := []int64{}
	for _, r := range rows {
		got = append(got, r.ID)
		j := m.jobs[r.ID]
		j.Errors++
		m.putBack(j, "waiting")
	}
	require.ElementsMatch(t, want, got)
}

func (m *model) pause(t *rapid.T) {
	m.paused = !m.paused
	verb := "resume"
	if m.paused {
		verb = "pause"
	}
	m.exec(t, "SELECT queue."+verb+"($1)", queueName)
}

func (m *model) limit(t *rapid.T) {
	m.maxRunning = rapid.IntRange(0, 3).Draw(t, "max running")
	m.exec(t, "UPDATE queue.queue SET max_running = nullif($1::int, 0)", m.maxRunning)
}

// check compares everything.
func (m *model) check(t *rapid.T) {
	ctx := context.Context(t.Context())
	rows, err := m.pool.Query(ctx, `SELECT id, state::text, priority, attempt, max_attempts, coalesce(key, ''),
		coalesce(concurrency_key, ''), coalesce(concurrency_limit, 0::smallint),
		coalesce(worker_id, '00000000-0000-0000-0000-000000000000'), cancel_requested_at IS NOT NULL,
		coalesce(checkpoint::text, ''), coalesce(jsonb_array_length(errors), 0), seq FROM queue.job`)
	require.NoError(t, err)
	jobs := make(map[int64]*modelJob)
	for rows.Next() {
		var id int64
		j := new(modelJob)
		require.NoError(t, rows.Scan(&id, &j.State, &j.Priority, &j.Attempt, &j.Max, &j.Key, &j.Group, &j.Limit, &j.Worker, &j.Cancelled,
			&j.Checkpoint, &j.Errors, &j.seq))
		jobs[id] = j
	}
	require.NoError(t, rows.Err())
	require.Empty(t, gocmp.Diff(m.jobs, jobs, cmpopts.IgnoreUnexported(modelJob{})), "in the queue (-want +got)")
	byOrder, bySeq := slices.Collect(maps.Keys(jobs)), slices.Collect(maps.Keys(jobs))
	slices.SortFunc(byOrder, func(a, b int64) int { return cmp.Compare(m.jobs[a].order, m.jobs[b].order) })
	slices.SortFunc(bySeq, func(a, b int64) int { return cmp.Compare(jobs[a].seq, jobs[b].seq) })
	require.Equal(t, byOrder, bySeq, "order")
	for id, j := range jobs {
		m.jobs[id].seq = j.seq
	}

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
