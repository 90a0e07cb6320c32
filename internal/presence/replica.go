package presence

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"son1k/internal/queries"
)

// notRegistered is the state of report_presence's error for a replica that the
// table does not have, or no longer has.
const notRegistered = "23503"

func (t *Tracker) run(ctx context.Context, started func()) {
	defer t.retire(context.WithoutCancel(ctx))
	for err := t.register(ctx); err != nil; err = t.register(ctx) {
		t.log.WarnContext(ctx, "presence: cannot register, trying again", "error", err)
		if !sleep(ctx, t.timing.retry) {
			return
		}
	}
	started()
	beat := time.NewTicker(t.timing.beat)
	defer beat.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-beat.C:
			err = t.beat(ctx)
		case <-t.wake:
			err = t.flush(ctx)
		}
		if err != nil && ctx.Err() == nil {
			t.log.WarnContext(ctx, "presence: cannot report, trying again", "error", err)
			t.recover(ctx, err)
			t.signal()
			if !sleep(ctx, t.timing.retry) {
				return
			}
		}
	}
}

func (t *Tracker) register(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	return t.q.PresenceRegister(ctx, t.pool, queries.PresenceRegisterParams{ID: t.id, Turn: t.turn})
}

// beat shows that this replica lives, and forgets those that do not.
func (t *Tracker) beat(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	n, err := t.q.PresenceBeat(ctx, t.pool, t.id)
	if err != nil {
		return err
	}
	if n == 0 {
		return t.restore(ctx)
	}
	gone, err := t.q.PresenceSweep(ctx, t.pool, t.timing.silence)
	if err != nil {
		return err
	}
	for _, row := range gone {
		if row.Scope != sockets {
			t.announce(Change{Scope: row.Scope, Subject: row.Subject, Info: row.Info})
		}
	}
	return nil
}

// recover does what a failure asks for beside trying again.
func (t *Tracker) recover(ctx context.Context, err error) {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == notRegistered {
		if err := t.restore(ctx); err != nil {
			t.log.WarnContext(ctx, "presence: cannot register", "error", err)
		}
	}
}

// restore registers a replica that was taken for dead, or whose tables a crash
// of the server has emptied, and reports everything anew. Of those who have left
// since it does not know whether anybody has told so: it rather tells twice.
func (t *Tracker) restore(ctx context.Context) error {
	if err := t.register(ctx); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for k, s := range t.here {
		s.reported = s.reported && s.n == 0
		t.mark(k)
	}
	t.signal()
	return nil
}

// retire leaves the rows to be swept when those who were here have had the time
// to come back on another replica.
func (t *Tracker) retire(ctx context.Context) {
	t.mu.Lock()
	for k, waiting := range t.dirty {
		answer(waiting, outcome{err: errStopped})
		t.dirty[k] = nil
	}
	t.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	if err := t.q.PresenceRetire(ctx, t.pool, queries.PresenceRetireParams{ID: t.id, Ago: t.timing.silence - t.timing.linger}); err != nil {
		t.log.WarnContext(ctx, "presence: cannot say goodbye", "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
