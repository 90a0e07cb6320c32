package admin

import (
	"context"

	"son1k/internal/queries"
)

// Stat is one priority of a queue in numbers. What ended is of the last five
// minutes.
type Stat struct {
	Queue        string   `json:"queue"`
	Priority     int      `json:"priority"`
	Waiting      int64    `json:"waiting"`
	WaitingExact bool     `json:"waitingExact"` // counted just now
	OldestWait   *Span    `json:"oldestWaitSeconds"`
	Running      int64    `json:"running"`
	WaitP50      *float64 `json:"waitP50Ms"`
	WaitP95      *float64 `json:"waitP95Ms"`
	WaitP99      *float64 `json:"waitP99Ms"`
	RunP50       *float64 `json:"runP50Ms"`
	RunP95       *float64 `json:"runP95Ms"`
	RunP99       *float64 `json:"runP99Ms"`
	CompletedPer float64  `json:"completedPerSecond"`
	Failed       int64    `json:"failed"`
	Retried      int64    `json:"retried"`
	Snoozed      int64    `json:"snoozed"`
	Cancelled    int64    `json:"cancelled"`
	Rescued      int64    `json:"rescued"`
}

// Stats returns the numbers of a queue, or of all if it is empty.
func (a *Admin) Stats(ctx context.Context, queue string) ([]Stat, error) {
	var c checks
	c.optional("queue", queue, MaxName)
	if err := c.err(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminStats(ctx, a.pool, queue)
	if err != nil {
		return nil, explain("read the queue's numbers", err)
	}
	return mapped(rows, func(r queries.AdminStatsRow) Stat {
		return Stat{
			Queue: r.Queue, Priority: int(r.Priority), Waiting: r.Waiting, WaitingExact: r.WaitingExact,
			OldestWait: spanOrNil(r.OldestWait), Running: r.Running,
			WaitP50: floatOrNil(r.WaitP50), WaitP95: floatOrNil(r.WaitP95), WaitP99: floatOrNil(r.WaitP99),
			RunP50: floatOrNil(r.RunP50), RunP95: floatOrNil(r.RunP95), RunP99: floatOrNil(r.RunP99),
			CompletedPer: r.CompletedPerS, Failed: r.Failed, Retried: r.Retried, Snoozed: r.Snoozed,
			Cancelled: r.Cancelled, Rescued: r.Rescued,
		}
	}), nil
}

// Check is one thing to worry about, or not.
type Check struct {
	Check     string `json:"check"`
	Value     string `json:"value"`
	Threshold string `json:"threshold"`
	OK        bool   `json:"ok"`
	Advice    string `json:"advice"` // if it is not ok
}

// Health checks the queue and the database below it.
func (a *Admin) Health(ctx context.Context) ([]Check, error) {
	rows, err := a.q.AdminHealth(ctx, a.pool)
	if err != nil {
		return nil, explain("check the queue's health", err)
	}
	return mapped(rows, func(r queries.AdminHealthRow) Check {
		return Check{Check: r.Name, Value: r.Value, Threshold: r.Threshold, OK: r.Ok, Advice: r.Advice}
	}), nil
}
