package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/lifecycle"
	"son1k/internal/notify"
	"son1k/internal/queries"
)

// WorkerConfig describes a worker. Pool, Queue and Handlers are required.
type WorkerConfig struct {
	Pool        *pgxpool.Pool
	Log         *slog.Logger
	Notify      *notify.Sender // to wake other processes; nil: they find out by polling
	Queue       string
	Handlers    []Handler
	Concurrency int           // jobs at once; 0 means 5
	Version     string        // of the binary, for whoever looks at queue.worker
	Poll        time.Duration // how long a lost wake-up can go unnoticed; 0 means 1 s
	Heartbeat   time.Duration // 0 means 4 s
	DeadAfter   time.Duration // silence after which other workers are dead; 0 means DeadAfter
	SoftStop    time.Duration // how long Stop lets jobs finish before it cancels them; 0 means 10 s
}

func (c *WorkerConfig) setDefaults() {
	c.Concurrency = cmp.Or(c.Concurrency, 5)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Heartbeat = cmp.Or(c.Heartbeat, 4*time.Second)
	c.DeadAfter = cmp.Or(c.DeadAfter, DeadAfter)
	c.SoftStop = cmp.Or(c.SoftStop, 10*time.Second)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
}

// Worker claims the jobs of one queue and runs their handlers. It works under
// an id of its own; when it finds that it was declared dead it drops what it
// held and goes on under a new one.
type Worker struct {
	*lifecycle.Runner

	cfg      WorkerConfig
	q        *queries.Queries
	db       queries.DBTX
	handlers map[string]Handler
	kinds    []string
	wake     chan struct{}
	dropped  chan struct{} // tells that running has become shorter
	meanRun  movingAverage

	current atomic.Pointer[tenure] // nil while none serves

	mu      sync.Mutex
	running map[int64]*Job // claimed and not yet given up
}

// NewWorker returns a worker. It fails if the configuration makes no sense.
func NewWorker(cfg WorkerConfig) (*Worker, error) {
	cfg.setDefaults()
	w := &Worker{
		cfg:      cfg,
		q:        queries.New(),
		db:       replanned{cfg.Pool},
		handlers: make(map[string]Handler),
		wake:     make(chan struct{}, 1),
		dropped:  make(chan struct{}, 1),
		running:  make(map[int64]*Job),
	}
	for _, h := range cfg.Handlers {
		if _, ok := w.handlers[h.Kind]; ok || h.Kind == "" || h.Work == nil {
			return nil, fmt.Errorf("queue: handler of kind %q is incomplete or given twice", h.Kind)
		}
		h.Timeout = cmp.Or(h.Timeout, time.Hour)
		if h.Backoff == nil {
			h.Backoff = Backoff
		}
		w.handlers[h.Kind] = h
		w.kinds = append(w.kinds, h.Kind)
	}
	switch {
	case cfg.Pool == nil || cfg.Queue == "" || len(w.kinds) == 0:
		return nil, errors.New("queue: a worker needs a pool, a queue and handlers")
	case cfg.Concurrency < 0 || cfg.Poll < 0 || cfg.SoftStop < 0:
		return nil, errors.New("queue: a number in the configuration of a worker is negative")
	case cfg.Heartbeat < 0 || cfg.DeadAfter < 2*cfg.Heartbeat:
		return nil, errors.New("queue: a worker must send at least two heartbeats before it counts as dead")
	}
	w.Runner = lifecycle.NewRunner("queue worker", w.run)
	return w, nil
}

// Listen lets the worker be woken over l, which must not have been started.
func (w *Worker) Listen(l *notify.Listener) {
	l.Handle(Channel, notify.Handler{
		Message: func(text string) {
			switch queue, doomed, id := parseMessage(text); {
			case queue == w.cfg.Queue:
				w.Wake()
			case doomed == w.cfg.Queue:
				w.chores()
			case id != 0:
				w.cancel(id, 0, ErrCancelled)
			}
		},
		Connected: func() {
			w.Wake()
			w.chores()
		},
	})
}

// Wake makes an idle worker look for jobs now.
func (w *Worker) Wake() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// Running is how many jobs this worker holds.
func (w *Worker) Running() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.running)
}

// chores makes the worker look after what is not running.
func (w *Worker) chores() {
	if t := w.current.Load(); t != nil {
		t.choresSoon()
	}
}

func (w *Worker) hold(job *Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running[job.ID] = job
}

// held are the jobs that this worker holds.
func (w *Worker) held() []*Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Collect(maps.Values(w.running))
}

// active are the jobs whose handlers run, by id.
func (w *Worker) active() map[int64]*Job {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := make(map[int64]*Job)
	for id, job := range w.running {
		if !job.returned.Load() {
			all[id] = job
		}
	}
	return all
}

// drop forgets a job, unless this worker has meanwhile claimed it again.
func (w *Worker) drop(job *Job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running[job.ID] == job {
		delete(w.running, job.ID)
	}
	select {
	case w.dropped <- struct{}{}:
	default:
	}
}

// cancel ends the context of a job; seq says which claim of it is meant, 0 any.
func (w *Worker) cancel(id, seq int64, cause error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if job := w.running[id]; job != nil && (seq == 0 || seq == job.seq) {
		job.cancel(cause)
	}
}

func (w *Worker) run(ctx context.Context, started func()) {
	for ctx.Err() == nil {
		id, err := w.register(ctx)
		if err != nil {
			return // only when stopped
		}
		started()
		newTenure(w, id).serve(ctx)
	}
}

// register makes the worker known under a new id, trying until it succeeds.
func (w *Worker) register(ctx context.Context) (uuid.UUID, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	for {
		id, err := uuid.NewV7()
		if err != nil {
			return uuid.Nil, err
		}
		err = w.tryRegister(ctx, queries.QueueRegisterWorkerParams{
			ID: id, Host: host, Pid: int32(os.Getpid()), Version: w.cfg.Version,
			Queue: w.cfg.Queue, Kinds: w.kinds, Concurrency: int32(w.cfg.Concurrency),
		})
		if err == nil {
			return id, nil
		}
		w.cfg.Log.WarnContext(ctx, "queue: cannot register worker, trying again", "error", err)
		if !sleep(ctx, jitter(w.cfg.Poll)) {
			return uuid.Nil, ctx.Err()
		}
	}
}

func (w *Worker) tryRegister(ctx context.Context, p queries.QueueRegisterWorkerParams) error {
	ctx, cancel := context.WithTimeout(ctx, claimTimeout)
	defer cancel()
	kinds := queries.QueueRegisterKindsParams{Queue: p.Queue, Kinds: p.Kinds}
	for _, k := range p.Kinds {
		kinds.HasHook = append(kinds.HasHook, w.handlers[k].Ended != nil)
	}
	if err := w.q.QueueRegisterKinds(ctx, w.db, kinds); err != nil {
		return err
	}
	return w.q.QueueRegisterWorker(ctx, w.db, p)
}

// sleep waits for d; it returns false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// jitter is d, give or take a fifth, so that processes do not move in step.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + rand.N(max(2*d/5, 1))
}

// movingAverage smooths durations; recent ones weigh more.
type movingAverage struct {
	mu    sync.Mutex
	value time.Duration
}

func (m *movingAverage) add(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.value == 0 {
		m.value = d
		return
	}
	m.value += (d - m.value) / 8
}

func (m *movingAverage) get() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.value
}
