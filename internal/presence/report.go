package presence

import (
	"cmp"
	"context"
	"slices"
	"time"

	"son1k/internal/queries"
)

const (
	// batchSize bounds the advisory locks that a report holds at once.
	batchSize = 200
	// statementTimeout bounds a statement whose connection has died silently.
	statementTimeout = 5 * time.Second
)

// report is one line of a batch.
type report struct {
	key
	n       int
	info    string
	waiting []chan<- outcome
}

// flush reports a batch of what has changed. If there is more it asks for
// another turn, so that a heartbeat can come in between.
func (t *Tracker) flush(ctx context.Context) error {
	batch := t.take()
	if len(batch) == 0 {
		return nil
	}
	rows, err := t.send(ctx, batch)
	if err != nil {
		why := err
		if ctx.Err() != nil {
			why = errStopped
		}
		t.putBack(batch, why)
		return err
	}
	for _, c := range t.settle(batch, rows) {
		t.announce(c)
	}
	return nil
}

// take returns a batch in the order in which report_presence takes its locks.
func (t *Tracker) take() []report {
	t.mu.Lock()
	defer t.mu.Unlock()
	batch := make([]report, 0, min(len(t.dirty), batchSize))
	for k, waiting := range t.dirty {
		if len(batch) == batchSize {
			break
		}
		s := t.here[k]
		batch = append(batch, report{k, s.n, string(s.info), waiting})
		delete(t.dirty, k)
	}
	if len(t.dirty) > 0 {
		t.signal()
	}
	slices.SortFunc(batch, func(a, b report) int {
		return cmp.Or(cmp.Compare(a.scope, b.scope), cmp.Compare(a.subject, b.subject))
	})
	return batch
}

func (t *Tracker) send(ctx context.Context, batch []report) ([]queries.PresenceReportRow, error) {
	ctx, cancel := context.WithTimeout(ctx, statementTimeout)
	defer cancel()
	t.turn++
	p := queries.PresenceReportParams{Replica: t.id, Turn: t.turn, Enough: Enough}
	for _, r := range batch {
		p.Scopes = append(p.Scopes, r.scope)
		p.Subjects = append(p.Subjects, r.subject)
		p.Counts = append(p.Counts, int32(r.n))
		p.Infos = append(p.Infos, cmp.Or(r.info, "null"))
	}
	return t.q.PresenceReport(ctx, t.pool, p)
}

// settle notes that the batch is written, answers those who wait for it, and
// returns what has changed for everybody.
func (t *Tracker) settle(batch []report, rows []queries.PresenceReportRow) (changes []Change) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, r := range batch {
		s, row := t.here[r.key], rows[i]
		before := s.reported
		s.reported = r.n > 0
		if row.Elsewhere == 0 && s.reported != before && r.scope != sockets {
			changes = append(changes, Change{
				Scope: r.scope, Subject: r.subject, Info: s.info, Here: s.reported, Present: int(row.Present),
			})
		}
		if _, again := t.dirty[r.key]; s.n == 0 && !s.reported && !again {
			delete(t.here, r.key)
		}
		answer(r.waiting, outcome{elsewhere: int(row.Elsewhere)})
	}
	return changes
}

// putBack leaves a batch that could not be written to the next one. Those who
// wait for it need not wait for that.
func (t *Tracker) putBack(batch []report, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range batch {
		t.mark(r.key) // with those who have come since
		answer(r.waiting, outcome{err: err})
	}
}

func answer(waiting []chan<- outcome, o outcome) {
	for _, w := range waiting {
		w <- o
	}
}

func (t *Tracker) announce(c Change) {
	if t.changed != nil {
		t.changed(c)
	}
}
