package queue

import (
	"context"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// Replanned is how the package runs what is not a function.
func Replanned(db queries.DBTX) queries.DBTX { return replanned{db} }

// Marks lets tests claim as workers do.
type Marks struct{ m marks }

// NewMarks returns marks at the start of lanes.
func NewMarks(priorities ...int16) *Marks {
	m := new(Marks)
	for _, p := range priorities {
		m.m.raise(p, 0)
	}
	return m
}

// Arrays are the marks as a claim takes them.
func (m *Marks) Arrays() (priorities []int16, from []int64) { return m.m.arrays() }

// Move moves the marks as a worker does.
func (m *Marks) Move(ctx context.Context, q *queries.Queries, db queries.DBTX, queue string, patience time.Duration) error {
	return m.m.move(ctx, q, db, queue, patience)
}

// Bucket is the bucket of a duration in histograms.
func Bucket(d time.Duration) int { return bucket(d) }

// Buckets is how many there are.
const Buckets = buckets

// Pending is how many calls of Enqueue wait for others to end.
func (c *Client) Pending() int {
	return c.free.numbers().pending + c.keyed.numbers().pending
}

// Flushing is how many statements of Enqueue are under way.
func (c *Client) Flushing() int {
	return c.free.numbers().active + c.keyed.numbers().active
}

type numbers struct{ pending, active int }

func (b *combiner) numbers() numbers {
	b.mu.Lock()
	defer b.mu.Unlock()
	return numbers{len(b.pending), b.active}
}

// Claim says, with the ID, which claim this is.
func (j *Job) Claim() (worker uuid.UUID, seq int64) { return j.worker, j.seq }
