package admin

import (
	"context"
	"fmt"
	"time"

	"son1k/internal/queries"
)

// Queue is a queue: what is in it, and its limits, where null is none.
type Queue struct {
	Name              string     `json:"name"`
	State             string     `json:"state"` // active, draining or paused
	Waiting           int64      `json:"waiting"`
	Running           int64      `json:"running"`
	Scheduled         int64      `json:"scheduled"`
	Blocked           int64      `json:"blocked"`
	Parked            int64      `json:"parked"`
	OldestWait        *Span      `json:"oldestWaitSeconds"`
	Workers           int64      `json:"workers"` // alive
	MaxRunning        *int       `json:"maxRunning"`
	RateLimit         *int       `json:"rateLimit"`
	RateWindow        *Span      `json:"rateWindowSeconds"`
	WorkerConcurrency *int       `json:"workerConcurrency"` // null: as each process was configured
	FairEvery         *int       `json:"fairEvery"`         // null: no worker has served it yet
	PausedAt          *time.Time `json:"pausedAt"`
	UpdatedAt         *time.Time `json:"updatedAt"`
	UpdatedBy         *string    `json:"updatedBy"`
}

// Queues lists all queues.
func (a *Admin) Queues(ctx context.Context) ([]Queue, error) {
	rows, err := a.q.AdminQueues(ctx, a.pool, "")
	if err != nil {
		return nil, explain("list queues", err)
	}
	return mapped(rows, queueOf), nil
}

// Queue returns one. It fails with a [*NotFoundError] if nothing is known of it.
func (a *Admin) Queue(ctx context.Context, name string) (Queue, error) {
	if err := validQueue(name); err != nil {
		return Queue{}, err
	}
	rows, err := a.q.AdminQueues(ctx, a.pool, name)
	if err != nil {
		return Queue{}, explain("read queue", err)
	}
	if len(rows) == 0 {
		return Queue{}, &NotFoundError{Message: fmt.Sprintf("there is no queue %q: it has neither settings nor workers nor jobs", name)}
	}
	return queueOf(rows[0]), nil
}

func validQueue(name string) error {
	var c checks
	c.text("queue", name, MaxName)
	return c.err()
}

func queueOf(r queries.AdminQueuesRow) Queue {
	q := Queue{
		Name: r.Name, State: r.State, Waiting: r.Waiting, Running: r.Running, Scheduled: r.Scheduled, Blocked: r.Blocked, Parked: r.Parked,
		OldestWait: spanOrNil(r.OldestWait), Workers: r.Workers, MaxRunning: orNil(int(r.MaxRunning)), RateLimit: orNil(int(r.RateLimit)),
		RateWindow: spanOrNil(r.RateWindow), WorkerConcurrency: orNil(int(r.WorkerConcurrency)),
		PausedAt: timeOrNil(r.PausedAt), UpdatedAt: timeOrNil(r.UpdatedAt), UpdatedBy: orNil(r.UpdatedBy),
	}
	if fair := int(r.FairEvery); fair >= 0 {
		q.FairEvery = &fair
	}
	return q
}
