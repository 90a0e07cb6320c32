package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

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
	q      *queries.Queries
	notify *notify.Sender
}

// NewClient returns a client that wakes workers through s.
func NewClient(s *notify.Sender) *Client {
	return &Client{q: queries.New(), notify: s}
}

// Params describes a job to enqueue.
type Params struct {
	Queue       string
	Kind        string
	Key         string // at most one live job per queue and key; empty: no key
	Priority    int16  // lower runs first
	MaxAttempts int16  // 0 means 3
	Delay       time.Duration
	Traceparent string // W3C trace context; empty: none
	Payload     any    // marshalled to JSON; nil means {}
}

// EnqueueTx adds a job in the caller's transaction, or finds the live job that
// has its key; inserted tells which. After the commit, call Wake.
func (c *Client) EnqueueTx(ctx context.Context, tx pgx.Tx, p Params) (id int64, inserted bool, err error) {
	payload := []byte("{}")
	if p.Payload != nil {
		if payload, err = json.Marshal(p.Payload); err != nil {
			return 0, false, fmt.Errorf("queue: payload: %w", err)
		}
	}
	if p.MaxAttempts == 0 {
		p.MaxAttempts = 3
	}
	arg := queries.QueueEnqueueParams{
		Queue: p.Queue, Kind: p.Kind, Key: optional(p.Key), Priority: p.Priority, MaxAttempts: p.MaxAttempts,
		Delay: p.Delay, Traceparent: optional(p.Traceparent), Payload: payload,
	}
	for {
		// Prepared: an insertion can be planned in one way only.
		id, err = c.q.QueueEnqueue(ctx, tx, arg)
		inserted = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			id, err = c.q.QueueFind(ctx, replanned{tx}, queries.QueueFindParams{Queue: p.Queue, Key: p.Key})
		}
		if errors.Is(err, pgx.ErrNoRows) {
			continue // the job with the key has ended meanwhile
		}
		if err != nil {
			return 0, false, fmt.Errorf("queue: enqueue: %w", err)
		}
		return id, inserted, nil
	}
}

// Wake tells idle workers of a queue that a job is ready. Call it after commit.
func (c *Client) Wake(queue string) {
	c.notify.Send(Channel, "wake "+queue, "wake "+queue)
}

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

const (
	wakePrefix   = "wake "
	cancelPrefix = "cancel "
)

// parseMessage reads a message of the channel; unknown ones give neither.
func parseMessage(text string) (wake string, cancel int64) {
	if queue, ok := strings.CutPrefix(text, wakePrefix); ok {
		return queue, 0
	}
	if id, ok := strings.CutPrefix(text, cancelPrefix); ok {
		cancel, _ = strconv.ParseInt(id, 10, 64) // 0 is no job
	}
	return "", cancel
}

// Line tells where a live job stands.
type Line struct {
	State   string // waiting, scheduled or running
	Attempt int
	Ahead   int // jobs before it, counted up to MaxAhead
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
	return Line{State: string(row.State), Attempt: int(row.Attempt), Ahead: int(row.Ahead)}, nil
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

// Depth counts the jobs of a queue, each state up to 100,000.
func (c *Client) Depth(ctx context.Context, db queries.DBTX, queue string) (waiting, running int, err error) {
	row, err := c.q.QueueDepth(ctx, replanned{db}, queries.QueueDepthParams{Queue: queue, MaxCount: 100_000})
	if err != nil {
		return 0, 0, fmt.Errorf("queue: depth: %w", err)
	}
	return int(row.Waiting), int(row.Running), nil
}

// Upkeep makes partitions of the history ahead of time and drops expired ones.
// One process at a time should call it.
func (c *Client) Upkeep(ctx context.Context, db queries.DBTX) error {
	return c.q.QueueUpkeep(ctx, db)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
