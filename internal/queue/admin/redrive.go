package admin

import (
	"context"
	"time"

	"son1k/internal/queries"
)

// RedriveParams selects the failed jobs of a queue to bring back. What is empty
// selects all.
type RedriveParams struct {
	Queue     string // required
	Kind      string
	ErrorLike string        // as LIKE in SQL, with the last error: % stands for anything
	Since     time.Duration // how far to look back; required
	Max       int           // 1 to MaxBulk, those that failed first first
}

// Validate finds fields that make no sense.
func (p RedriveParams) Validate() error {
	var c checks
	c.text("queue", p.Queue, MaxName)
	c.optional("kind", p.Kind, MaxName)
	c.optional("errorLike", p.ErrorLike, MaxError)
	c.age("since", p.Since)
	c.that(p.Since != 0, "since", "is required")
	c.number("max", p.Max, 1, MaxBulk)
	return c.err()
}

// Redrive brings many failed jobs back. One whose key a live job has stays.
func (a *Admin) Redrive(ctx context.Context, p RedriveParams) ([]Changed, error) {
	if err := p.Validate(); err != nil {
		return nil, err
	}
	rows, err := a.q.AdminRedrive(ctx, a.pool, queries.AdminRedriveParams{
		Queue: p.Queue, Kind: p.Kind, ErrorLike: p.ErrorLike, Since: p.Since.Seconds(), MaxJobs: int32(p.Max),
	})
	if err != nil {
		return nil, explain("redrive jobs", err)
	}
	return mapped(rows, func(r queries.AdminRedriveRow) Changed { return changedOf(queries.AdminRetryRow(r)) }), nil
}

// PreviewRedrive tells what Redrive would do.
func (a *Admin) PreviewRedrive(ctx context.Context, p RedriveParams) (Preview, error) {
	if err := p.Validate(); err != nil {
		return Preview{}, err
	}
	rows, err := a.q.AdminRedrivePreview(ctx, a.pool, queries.AdminRedrivePreviewParams{
		Queue: p.Queue, Kind: p.Kind, ErrorLike: p.ErrorLike, Since: p.Since.Seconds(), MaxJobs: int32(p.Max),
	})
	if err != nil {
		return Preview{}, explain("preview a redrive", err)
	}
	var preview Preview
	for _, r := range rows {
		preview.Limited = int(r.Picked) == p.Max
		preview.add(Example{ID: r.ID, Kind: r.Kind, State: "failed", Key: orNil(r.Key), LastError: orNil(r.LastError)}, false)
	}
	return preview.filled(), nil
}
