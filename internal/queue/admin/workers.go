package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// Worker is a process that runs jobs of a queue.
type Worker struct {
	ID          string    `json:"id"`
	Queue       string    `json:"queue"`
	Status      string    `json:"status"` // alive, silent or dead
	Silence     Span      `json:"silenceSeconds"`
	Running     int       `json:"running"`
	Concurrency int       `json:"concurrency"`
	Kinds       []string  `json:"kinds"`
	Host        string    `json:"host"`
	PID         int       `json:"pid"`
	Version     string    `json:"version"`
	MeanRunMS   int       `json:"meanRunMs"`
	StartedAt   time.Time `json:"startedAt"`
	HeartbeatAt time.Time `json:"heartbeatAt"`
}

// Workers lists the workers of a queue, or of all if it is empty. With dead it
// lists those, too, that have gone within the last hour.
func (a *Admin) Workers(ctx context.Context, queue string, dead bool) ([]Worker, error) {
	var c checks
	c.optional("queue", queue, MaxName)
	if err := c.err(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminWorkers(ctx, a.pool, queries.AdminWorkersParams{Queue: queue, Dead: dead})
	if err != nil {
		return nil, explain("list workers", err)
	}
	return mapped(rows, func(r queries.AdminWorkersRow) Worker {
		return Worker{
			ID: r.ID, Queue: r.Queue, Status: r.Status, Silence: spanOf(r.Silence), Running: int(r.Running), Concurrency: int(r.Concurrency),
			Kinds: r.Kinds, Host: r.Host, PID: int(r.Pid), Version: r.Version, MeanRunMS: int(r.MeanRunMs),
			StartedAt: r.StartedAt.UTC(), HeartbeatAt: r.HeartbeatAt.UTC(),
		}
	}), nil
}
