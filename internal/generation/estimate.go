package generation

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

// QueueInfo tells where a generation that has not started stands.
type QueueInfo struct {
	Position   int  `json:"position"`   // 1 is next; at most queue.MaxAhead + 1
	EtaSeconds *int `json:"etaSeconds"` // until it starts; null while nothing is known
}

// estimator knows how fast the queue moves. What it read is good for a second.
type estimator struct {
	queue *queue.Client

	mu       sync.Mutex
	capacity queue.Capacity
	readAt   time.Time
	reading  bool
}

// get reads over db, the caller's own connection: to wait for a second one
// while holding a first is how pools deadlock.
func (e *estimator) get(ctx context.Context, db queries.DBTX) (queue.Capacity, error) {
	e.mu.Lock()
	known := e.capacity
	if e.reading || time.Since(e.readAt) < time.Second {
		e.mu.Unlock()
		return known, nil
	}
	e.reading = true
	e.mu.Unlock()

	fresh, err := e.queue.Capacity(ctx, db, Queue)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reading = false
	if err != nil {
		return known, err
	}
	e.capacity, e.readAt = fresh, time.Now()
	return fresh, nil
}

// eta is how long a job with this many others ahead waits: not at all if there
// are slots for all of them; else until so many running jobs have ended, which
// they do Slots times per mean run.
func eta(c queue.Capacity, ahead int) *int {
	free := max(c.Slots-c.Running, 0)
	seconds := 0
	switch {
	case c.Slots == 0:
		return nil
	case ahead < free:
	case c.MeanRun == 0:
		return nil
	default:
		turns := float64(ahead - free + 1)
		seconds = int(math.Ceil(turns * c.MeanRun.Seconds() / float64(c.Slots)))
	}
	return &seconds
}

// turn is how long a job waits for others of the same person: until Turn of
// them have ended, AtOnce of which run at once. Nil while nothing is known.
func turn(c queue.Capacity, line queue.Line) *int {
	seconds := 0
	switch {
	case line.Turn == 0:
	case c.MeanRun == 0:
		return nil
	default:
		seconds = int(math.Ceil(float64(line.Turn) * c.MeanRun.Seconds() / float64(max(line.AtOnce, 1))))
	}
	return &seconds
}

// later is the later of two times; nil if either is not known.
func later(a, b *int) *int {
	if a == nil || b == nil {
		return nil
	}
	return new(max(*a, *b))
}

// queueInfo tells where the generation's job stands; nil if it does not wait.
func (s *Service) queueInfo(ctx context.Context, db queries.DBTX, id uuid.UUID) (*QueueInfo, error) {
	line, err := s.queue.Line(ctx, db, Queue, id.String())
	if errors.Is(err, queue.ErrNoJob) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if line.State == "running" {
		return nil, nil
	}
	capacity, err := s.estimate.get(ctx, db)
	if err != nil {
		return nil, err
	}
	return &QueueInfo{Position: line.Ahead + max(line.Turn, 1), EtaSeconds: later(eta(capacity, line.Ahead), turn(capacity, line))}, nil
}
