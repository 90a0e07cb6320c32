package notify

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
)

const connectTimeout = 5 * time.Second

// connect opens a connection that shows its purpose in pg_stat_activity.
func connect(ctx context.Context, dsn, name string) (*pgx.Conn, error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	conf.RuntimeParams["application_name"] = name
	// Nobody wants a notification back after a crash, so nobody waits for the disk.
	conf.RuntimeParams["synchronous_commit"] = "off"
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return pgx.ConnectConfig(ctx, conf)
}

// backoff waits exponentially longer with full jitter, from 50 ms to 2 s, so
// that replicas do not return to a restarted server all at once.
type backoff struct{ ceiling time.Duration }

func newBackoff() *backoff { return &backoff{ceiling: 50 * time.Millisecond} }

// wait returns false if ctx ended first.
func (b *backoff) wait(ctx context.Context) bool {
	d := time.Duration(rand.Int64N(int64(b.ceiling))) + 10*time.Millisecond
	b.ceiling = min(2*b.ceiling, 2*time.Second)
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
