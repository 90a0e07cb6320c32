package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/notify"
	"son1k/internal/queries"
)

// Channel is the notification channel of the queue.
const Channel = "son1k_queue"

// DeadAfter is the silence after which a worker counts as dead.
const DeadAfter = 15 * time.Second

// MaxAhead is how far Line counts.
const MaxAhead = 10_000

// ErrNoJob means that there is no live job with the key.
var ErrNoJob = errors.New("no such job")

// Client enqueues and steers jobs. It is safe for concurrent use.
type Client struct {
	pool   *pgxpool.Pool
	q      *queries.Queries
	notify *notify.Sender
	free   combiner // of jobs without keys
	keyed  combiner

	mu    sync.Mutex
	local []*Worker
	later map[string]bool // queues to which jobs with a delay were added
}

// NewClient returns a client that wakes workers through s.
func NewClient(pool *pgxpool.Pool, s *notify.Sender) *Client {
	c := &Client{pool: pool, q: queries.New(), notify: s, later: make(map[string]bool)}
	c.free.client, c.free.places = c, freePlaces
	c.keyed.client, c.keyed.places = c, keyedPlaces
	return c
}

// Attach makes the client wake a worker of its own process directly, which is
// quicker than by way of the database.
func (c *Client) Attach(w *Worker) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.local = append(c.local, w)
}

// Wake tells idle workers of a queue that a job is ready. Call it after commit.
func (c *Client) Wake(queue string) {
	c.mu.Lock()
	later := c.later[queue]
	delete(c.later, queue)
	for _, w := range c.local {
		if w.cfg.Queue != queue {
			continue
		}
		w.Wake()
		if later {
			w.chores()
		}
	}
	c.mu.Unlock()
	if later { // a worker is to know when the next job is due
		c.notify.Send(Channel, doomedPrefix+queue, doomedPrefix+queue)
	}
	wake(c.notify, queue)
}

// noteLater remembers that a job with a delay was added.
func (c *Client) noteLater(p Params) {
	if p.Delay > 0 || !p.RunAt.IsZero() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.later[p.Queue] = true
	}
}

func wake(s *notify.Sender, queue string) { s.Send(Channel, wakePrefix+queue, wakePrefix+queue) }

// Cancelled says what CancelTx did.
type Cancelled struct {
	ID    int64
	Ended bool // it waited and has ended; false: it runs and was asked to stop
}

// CancelTx cancels the live job with a key in the caller's transaction. After
// the commit, call Announce with the result. It fails with ErrNoJob.
func (c *Client) CancelTx(ctx context.Context, tx pgx.Tx, queue, key string) (Cancelled, error) {
	row, err := c.q.QueueCancel(ctx, replanned{tx}, queries.QueueCancelParams{Queue: queue, Key: key})
	if errors.Is(err, pgx.ErrNoRows) {
		return Cancelled{}, ErrNoJob
	}
	if err != nil {
		return Cancelled{}, fmt.Errorf("queue: cancel: %w", err)
	}
	return Cancelled{ID: row.ID, Ended: row.Ended}, nil
}

// Announce tells the worker of a running job that it was cancelled.
func (c *Client) Announce(x Cancelled) {
	if !x.Ended {
		c.notify.Send(Channel, "", cancelPrefix+strconv.FormatInt(x.ID, 10))
	}
}

// Messages of the channel; queue.cancel and its like in SQL send them too.
const (
	wakePrefix   = "wake "   // a queue: look for jobs
	doomedPrefix = "doomed " // a queue: look after what waits for a time or will not run
	cancelPrefix = "cancel " // the id of a job that runs
)

// parseMessage reads a message of the channel; unknown ones give nothing.
func parseMessage(text string) (wake, doomed string, cancel int64) {
	if queue, ok := strings.CutPrefix(text, wakePrefix); ok {
		return queue, "", 0
	}
	if queue, ok := strings.CutPrefix(text, doomedPrefix); ok {
		return "", queue, 0
	}
	if id, ok := strings.CutPrefix(text, cancelPrefix); ok {
		cancel, _ = strconv.ParseInt(id, 10, 64) // 0 is no job
	}
	return "", "", cancel
}

// Line tells where a live job stands.
type Line struct {
	State   string // waiting, scheduled, blocked, parked or running
	Attempt int
	Ahead   int // jobs that wait before it, counted up to MaxAhead
	// A blocked job is the Turn-th of those that wait for jobs with the same
	// concurrency key to end, of which AtOnce may run at once.
	Turn, AtOnce int
}

// Line returns where the live job with a key stands. It fails with ErrNoJob.
func (c *Client) Line(ctx context.Context, db queries.DBTX, queue, key string) (Line, error) {
	row, err := c.q.QueueLine(ctx, replanned{db}, queries.QueueLineParams{Queue: queue, Key: key, MaxAhead: MaxAhead})
	if errors.Is(err, pgx.ErrNoRows) {
		return Line{}, ErrNoJob
	}
	if err != nil {
		return Line{}, fmt.Errorf("queue: line: %w", err)
	}
	return Line{
		State: string(row.State), Attempt: int(row.Attempt), Ahead: int(row.Ahead),
		Turn: int(row.Turn), AtOnce: int(row.ConcurrencyLimit),
	}, nil
}

// Capacity is what the live workers of a queue can do.
type Capacity struct {
	Workers int
	Slots   int           // jobs that they run at once
	Running int           // jobs that run now
	MeanRun time.Duration // of recent jobs; 0 if unknown
}

// Capacity returns what the live workers of a queue can do and are doing.
func (c *Client) Capacity(ctx context.Context, db queries.DBTX, queue string) (Capacity, error) {
	row, err := c.q.QueueCapacity(ctx, replanned{db}, queries.QueueCapacityParams{Queue: queue, DeadAfter: DeadAfter})
	if err != nil {
		return Capacity{}, fmt.Errorf("queue: capacity: %w", err)
	}
	return Capacity{
		Workers: int(row.Workers),
		Slots:   int(row.Slots),
		Running: int(row.Running),
		MeanRun: time.Duration(row.MeanRunMs * float64(time.Millisecond)),
	}, nil
}

// Depth counts the jobs of a queue. Of a long line it gives the workers' last
// count, which is some seconds old.
func (c *Client) Depth(ctx context.Context, db queries.DBTX, queue string) (waiting, running int, err error) {
	row, err := c.q.QueueDepth(ctx, replanned{db}, queries.QueueDepthParams{Queue: queue, MaxCount: MaxAhead})
	if err != nil {
		return 0, 0, fmt.Errorf("queue: depth: %w", err)
	}
	return int(row.Waiting), int(row.Running), nil
}

// Limits are settings of a queue; 0 means no limit.
type Limits struct {
	MaxRunning int           // jobs that run at once, on all workers
	Rate       int           // claims in any time of length Window, by all workers
	Window     time.Duration // 0 means 1 s
}

// SetDefaults gives a queue its limits if it has no settings yet. Later
// changes, by whomever, stay.
func (c *Client) SetDefaults(ctx context.Context, queue string, l Limits) error {
	arg := queries.QueueDefaultsParams{Name: queue, MaxRunning: optional(int32(l.MaxRunning)), RateLimit: optional(int32(l.Rate))}
	if l.Rate > 0 {
		arg.RateWindow = interval(cmp.Or(l.Window, time.Second))
	}
	if err := c.q.QueueDefaults(ctx, c.pool, arg); err != nil {
		return fmt.Errorf("queue: defaults: %w", err)
	}
	return nil
}

// Upkeep makes partitions of the history ahead of time, drops expired ones, and
// sets right what only interference by hand can have put wrong. One process at a
// time should call it.
func (c *Client) Upkeep(ctx context.Context, db queries.DBTX) error {
	return c.q.QueueUpkeep(ctx, db)
}

func interval(d time.Duration) pgtype.Interval {
	return pgtype.Interval{Microseconds: d.Microseconds(), Valid: true}
}
