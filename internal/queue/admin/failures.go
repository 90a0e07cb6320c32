package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// FailureGroup is jobs of a queue that failed alike: their last errors differ in
// numbers only.
type FailureGroup struct {
	Queue   string    `json:"queue"`
	Error   string    `json:"error"` // with N for each number
	Jobs    int64     `json:"jobs"`
	FirstAt time.Time `json:"firstAt"`
	LastAt  time.Time `json:"lastAt"`
	Example int64     `json:"exampleId"` // the last one
}

// FailureGroups groups the failed jobs of a queue by their error, the most
// frequent first. It looks back for since and returns at most limit groups.
func (a *Admin) FailureGroups(ctx context.Context, queue string, since time.Duration, limit int) ([]FailureGroup, error) {
	var c checks
	c.text("queue", queue, MaxName)
	c.age("since", since)
	c.that(since != 0, "since", "is required")
	c.number("limit", limit, 1, MaxRows)
	if err := c.err(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminFailureGroups(ctx, a.pool, queries.AdminFailureGroupsParams{Queue: queue, Since: since.Seconds(), MaxGroups: int32(limit)})
	if err != nil {
		return nil, explain("group failed jobs", err)
	}
	return mapped(rows, func(r queries.AdminFailureGroupsRow) FailureGroup {
		return FailureGroup{
			Queue: queue, Error: r.Message, Jobs: r.N, FirstAt: r.FirstAt.UTC(), LastAt: r.LastAt.UTC(), Example: r.Example,
		}
	}), nil
}
