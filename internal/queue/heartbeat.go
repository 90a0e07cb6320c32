package queue

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// heartbeat keeps the worker's row fresh and declares silent workers dead,
// until ctx ends or this worker itself was declared dead.
func (t *tenure) heartbeat(ctx context.Context) {
	line := &hotline{config: t.cfg.Pool.Config().ConnConfig}
	defer line.close(ctx)
	last := time.Now()
	steadySince := last
	ticker := time.NewTicker(t.cfg.Heartbeat)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		alive, err := t.beat(ctx, line)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			t.cfg.Log.WarnContext(ctx, "queue: heartbeat failed", "error", err)
			continue
		}
		if !alive {
			t.cfg.Log.ErrorContext(ctx, "queue: declared dead by another worker; starting over", "worker", t.id)
			return
		}
		// While the database was away, or this machine stood still, others could
		// send no heartbeat either. Judge them only after having been able to for
		// as long as they may be silent.
		now := time.Now()
		if now.Sub(last) > t.cfg.DeadAfter/2 {
			steadySince = now
		}
		last = now
		if now.Sub(steadySince) >= t.cfg.DeadAfter {
			t.rescue(ctx, line)
		}
	}
}

func (t *tenure) beat(ctx context.Context, line *hotline) (alive bool, err error) {
	// Long enough to connect anew to a busy server, short enough to try again
	// before others lose patience.
	ctx, cancel := context.WithTimeout(ctx, t.cfg.DeadAfter/3)
	defer cancel()
	conn, err := line.get(ctx)
	if err != nil {
		return false, err
	}
	floor := t.claims.floor() // before looking at what is held
	limit, _ := t.slots.numbers()
	n, err := t.q.QueueHeartbeat(ctx, conn, queries.QueueHeartbeatParams{
		ID: t.id, MeanRunMs: int32(min(t.meanRun.get(), 24*time.Hour).Milliseconds()),
		Running: int32(t.Running()), ClaimFloor: t.lowestClaim(floor), Concurrency: int32(limit),
	})
	return n > 0, err
}

// rescue takes no longer than leaves time for the next heartbeat.
func (t *tenure) rescue(ctx context.Context, line *hotline) {
	ctx, cancel := context.WithTimeout(ctx, t.cfg.DeadAfter/4)
	defer cancel()
	conn, err := line.get(ctx)
	if err != nil {
		return // so will the next heartbeat say
	}
	rescued, err := t.q.QueueRescue(ctx, conn, t.cfg.DeadAfter)
	if err != nil {
		t.cfg.Log.WarnContext(ctx, "queue: rescue failed", "error", err)
		return
	}
	for _, j := range rescued {
		t.cfg.Log.WarnContext(ctx, "queue: job rescued from a dead worker", "job", j.ID)
		t.metrics.count(j.Priority, func(l *laneMetrics) { l.rescued++ })
	}
	if len(rescued) > 0 {
		t.Wake()
		t.wakeFleet()
	}
}

// hotline is a connection beside the pool: handlers that use up the pool must
// not make their worker look dead.
type hotline struct {
	config *pgx.ConnConfig
	conn   *pgx.Conn
}

func (h *hotline) get(ctx context.Context) (*pgx.Conn, error) {
	if h.conn != nil && !h.conn.IsClosed() {
		return h.conn, nil
	}
	conn, err := pgx.ConnectConfig(ctx, h.config)
	if err != nil {
		return nil, err
	}
	h.conn = conn
	return conn, nil
}

func (h *hotline) close(ctx context.Context) {
	if h.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()
	_ = h.conn.Close(ctx) // nothing is under way on it
}
