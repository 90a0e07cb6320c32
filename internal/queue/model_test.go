package queue_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// Random histories of the queue's statements, by workers that crash, sleep and
// act on what they no longer hold, while the queue is paused and limited and
// priorities change, against a model in memory. After each step every job must be
// where the model has it: in the queue or in the history, once, with the same
// owner, in the same order. A claim must take what the model says, although it looks
// only from the worker's low-water marks on and transactions that enqueue stay open
// for long.
func TestQueueBehavesAsItsModel(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	rapid.Check(t, func(t *rapid.T) {
		m := newModel(t, pool)
		defer m.close()
		t.Repeat(map[string]func(*rapid.T){
			"":           m.check,
			"enqueue":    m.enqueue,
			"enqueue ":   m.enqueue, // as often as jobs leave
			"open":       m.open,
			"close":      m.closeOne,
			"claim":      m.claim,
			"claim ":     m.claim,
			"scout":      m.scout,
			"complete":   m.complete,
			"end":        m.end,
			"retry":      m.retry,
			"release":    m.release,
			"checkpoint": m.checkpoint,
			"cancel":     m.cancel,
			"reorder":    m.setPriority,
			"promote":    m.promote,
			"silence":    m.silence,
			"heartbeat":  m.heartbeat,
			"rescue":     m.rescue,
			"pause":      m.pause,
			"limit":      m.limit,
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
	Group      string    // concurrency key
	Limit      int16     // of the group
	Worker     uuid.UUID // zero unless running
	Cancelled  bool
	Checkpoint string
	Errors     int

	order int   // of becoming ready
	seq   int64 // as the database has it
}

// modelClaim is a claim that was made at some time, perhaps long lost.
type modelClaim struct {
	id, seq int64
	worker  uuid.UUID
}

// openTx is a transaction that has enqueued and not ended.
type openTx struct {
	tx  pgx.Tx
	id  int64
	job *modelJob
}

const modelFairEvery = 3

type model struct {
	pool       *pgxpool.Pool
	q          *queries.Queries
	jobs       map[int64]*modelJob
	history    map[int64]string // outcome by id
	workers    []uuid.UUID      // all that may act
	marks      map[uuid.UUID]*queue.Marks
	claimed    map[uuid.UUID]int64
	silent     map[uuid.UUID]bool
	alive      map[uuid.UUID]bool
	claims     []modelClaim
	opened     []openTx
	clock      int
	saved      int
	paused     bool
	maxRunning int
}

func newModel(t *rapid.T, pool *pgxpool.Pool) *model {
	m := &model{
		pool: pool, q: queries.New(), jobs: make(map[int64]*modelJob), history: make(map[int64]string),
		marks: make(map[uuid.UUID]*queue.Marks), claimed: make(map[uuid.UUID]int64),
		silent: make(map[uuid.UUID]bool), alive: make(map[uuid.UUID]bool),
	}
	for _, table := range []string{"job", "job_history", "worker", "queue", "unblock_note"} {
		m.exec(t, "DELETE FROM queue."+table)
	}
	m.exec(t, "INSERT INTO queue.queue (name, fair_every) VALUES ($1, $2)", queueName, modelFairEvery)
	for range 3 {
		m.register(t)
	}
	return m
}

func (m *model) exec(t *rapid.T, sql string, args ...any) {
	_, err := m.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

func (m *model) close() {
	for _, o := range m.opened {
		_ = o.tx.Rollback(context.Background()) // so that the next history begins with nothing
	}
}

func (m *model) register(t *rapid.T) {
	id := uuid.New()
	require.NoError(t, m.q.QueueRegisterWorker(t.Context(), m.pool, queries.QueueRegisterWorkerParams{
		ID: id, Queue: queueName, Kinds: []string{kind}, Concurrency: 1,
	}))
	m.workers, m.alive[id] = append(m.workers, id), true
	m.marks[id] = queue.NewMarks(0, 1, 2)
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

// anyJob is a live job, or none.
func (m *model) anyJob(t *rapid.T) (int64, *modelJob) {
	ids := slices.Sorted(maps.Keys(m.jobs))
	if len(ids) == 0 {
		t.Skip("there is no job")
	}
	id := rapid.SampledFrom(ids).Draw(t, "job")
	return id, m.jobs[id]
}

// held is the job of a claim that is still good.
func (m *model) held(c modelClaim) *modelJob {
	j := m.jobs[c.id]
	if j == nil || j.State != "running" || j.seq != c.seq || j.Worker != c.worker {
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

// draw puts a job behind all others.
func (m *model) draw(j *modelJob) {
	m.clock++
	j.order = m.clock
}

// admitted counts the jobs of a group that wait or run.
func (m *model) admitted(group string) (n int) {
	for _, j := range m.jobs {
		if j.Group == group && (j.State == "waiting" || j.State == "running") {
			n++
		}
	}
	return n
}

// line are jobs in a state, the most urgent first.
func (m *model) line(keep func(*modelJob) bool) []*modelJob {
	var line []*modelJob
	for _, j := range m.jobs {
		if keep(j) {
			line = append(line, j)
		}
	}
	slices.SortFunc(line, func(a, b *modelJob) int {
		return cmp.Or(cmp.Compare(a.Priority, b.Priority), cmp.Compare(a.order, b.order))
	})
	return line
}

// unblock lets jobs of a group go on as far as there is place.
func (m *model) unblock(group string) {
	for group != "" {
		line := m.line(func(j *modelJob) bool { return j.Group == group && j.State == "blocked" })
		if len(line) == 0 || m.admitted(group) >= int(line[0].Limit) {
			return
		}
		line[0].State = "waiting"
		m.draw(line[0])
	}
}

func (m *model) leave(id int64, outcome string) {
	j := m.jobs[id]
	delete(m.jobs, id)
	m.history[id] = outcome
	if j.State == "waiting" || j.State == "running" {
		m.unblock(j.Group)
	}
}

func (m *model) enqueue(t *rapid.T) {
	j := &modelJob{
		State:    "waiting",
		Priority: rapid.Int16Range(0, 2).Draw(t, "priority"),
		Max:      rapid.Int16Range(1, 3).Draw(t, "max"),
		Key:      rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, "key"),
		Group:    rapid.SampledFrom([]string{"", "", "x", "y"}).Draw(t, "group"),
	}
	arg := queries.QueueEnqueueParams{Queue: queueName, Kind: kind, Priority: j.Priority, MaxAttempts: j.Max, Payload: []byte("{}")}
	if j.Key != "" {
		arg.Key = &j.Key
	}
	if j.Group != "" {
		j.Limit = rapid.Int16Range(1, 2).Draw(t, "limit")
		arg.ConcurrencyKey, arg.ConcurrencyLimit = &j.Group, &j.Limit
		if m.admitted(j.Group) >= int(j.Limit) {
			j.State = "blocked"
		}
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
	m.draw(j)
}

// open begins a transaction that enqueues and draws its place now.
func (m *model) open(t *rapid.T) {
	if len(m.opened) > 2 {
		t.Skip("enough are open")
	}
	tx, err := m.pool.Begin(context.Background())
	require.NoError(t, err)
	j := &modelJob{State: "waiting", Priority: rapid.Int16Range(0, 2).Draw(t, "priority"), Max: 3}
	id, err := m.q.QueueEnqueue(t.Context(), tx, queries.QueueEnqueueParams{
		Queue: queueName, Kind: kind, Priority: j.Priority, MaxAttempts: 3, Payload: []byte("{}"),
	})
	require.NoError(t, err)
	m.draw(j)
	m.opened = append(m.opened, openTx{tx, id, j})
}

// closeOne commits or rolls back one of the open transactions.
func (m *model) closeOne(t *rapid.T) {
	if len(m.opened) == 0 {
		t.Skip("none is open")
	}
	i := rapid.IntRange(0, len(m.opened)-1).Draw(t, "which")
	o := m.opened[i]
	m.opened = slices.Delete(m.opened, i, i+1)
	if rapid.Bool().Draw(t, "commit") {
		require.NoError(t, o.tx.Commit(t.Context()))
		m.jobs[o.id] = o.job
		return
	}
	require.NoError(t, o.tx.Rollback(t.Context()))
}

// scout moves the marks of a worker, with and without a close look at what is
// open.
func (m *model) scout(t *rapid.T) {
	patience := rapid.SampledFrom([]time.Duration{-time.Second, time.Hour}).Draw(t, "patience")
	require.NoError(t, m.marks[m.anyWorker(t)].Move(t.Context(), m.q, m.pool, queueName, patience))
}
