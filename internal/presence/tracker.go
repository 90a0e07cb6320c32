package presence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/lifecycle"
)

// ErrTooMany means that a subject has as many sockets as it may have.
var ErrTooMany = errors.New("presence: too many sockets")

var errStopped = errors.New("presence: the process is stopping")

// maxName is the longest name of a place or a subject, in characters.
const maxName = 200

// Tracker tells the other replicas who is on this one.
type Tracker struct {
	*lifecycle.Runner
	*Reader

	log     *slog.Logger
	id      uuid.UUID
	changed func(Change)
	wake    chan struct{}
	timing  timing
	turn    int64 // number of the last report; only run's goroutine uses it

	mu    sync.Mutex
	here  map[key]*standing
	dirty map[key][]chan<- outcome // to be reported, and who waits for that
}

// timing is the constants, unless a test is in a hurry.
type timing struct {
	beat, silence, linger time.Duration
	retry                 time.Duration // the pause after a failure
}

// key is a subject at a place.
type key struct{ scope, subject string }

// standing is a subject at a place on this replica.
type standing struct {
	n        int // sockets
	info     json.RawMessage
	reported bool // the table has a row
}

// outcome is what a report has found.
type outcome struct {
	elsewhere int // sockets of the subject there on other replicas
	err       error
}

// NewTracker returns a Tracker. From one goroutine it calls changed, unless nil,
// with each change that it is the first to know of: those of its own subjects,
// and of those of replicas that it has found dead. A Change may be lost, or come
// twice, when a connection to Postgres breaks in the middle of a report or sweep.
func NewTracker(pool *pgxpool.Pool, log *slog.Logger, changed func(Change)) *Tracker {
	t := &Tracker{
		Reader: NewReader(pool), log: log, id: uuid.New(), changed: changed,
		timing: timing{beat: Beat, silence: Silence, linger: Linger, retry: 250 * time.Millisecond},
		wake:   make(chan struct{}, 1), here: make(map[key]*standing), dirty: make(map[key][]chan<- outcome),
	}
	t.Runner = lifecycle.NewRunner("presence", t.run)
	return t
}

// Enter counts one more socket of the subject at a place, and returns once the
// other replicas can see it. Info is what they are shown.
func (t *Tracker) Enter(ctx context.Context, scope, subject string, info json.RawMessage) error {
	_, _, err := t.enter(ctx, key{scope, subject}, info)
	return err
}

// Exit takes back an Enter, at once or after Linger. It does not wait. A
// replica that stops need not call it.
func (t *Tracker) Exit(scope, subject string, linger bool) {
	k := key{scope, subject}
	if linger {
		time.AfterFunc(t.timing.linger, func() { t.exit(k) })
		return
	}
	t.exit(k)
}

// Limit is how many sockets a subject may have on all replicas; 0 is any number.
type Limit struct {
	Subject string
	Max     int
}

// Acquire counts one more socket for each of the limits, or fails with
// ErrTooMany and counts none.
func (t *Tracker) Acquire(ctx context.Context, limits ...Limit) error {
	for i, l := range limits {
		if l.Max == 0 {
			continue
		}
		k := key{sockets, l.Subject}
		mine, elsewhere, err := t.enter(ctx, k, nil)
		if err == nil && mine+elsewhere > l.Max {
			t.exit(k)
			err = ErrTooMany
		}
		if err != nil {
			t.Release(limits[:i]...)
			return err
		}
	}
	return nil
}

// Release takes back an Acquire.
func (t *Tracker) Release(limits ...Limit) {
	for _, l := range limits {
		if l.Max != 0 {
			t.exit(key{sockets, l.Subject})
		}
	}
}

// enter returns which one of this replica's sockets the new one is, and how many
// others have. Those who come at the same time get different numbers, so that of
// several who want the last place one gets it.
func (t *Tracker) enter(ctx context.Context, k key, info json.RawMessage) (mine, elsewhere int, err error) {
	if err := check(k, info); err != nil {
		return 0, 0, err
	}
	done := make(chan outcome, 1)
	t.mu.Lock()
	s, ok := t.here[k]
	if !ok {
		s = new(standing)
		t.here[k] = s
	}
	s.n++
	s.info = info
	mine = s.n
	t.mark(k, done)
	t.mu.Unlock()
	t.signal()
	select {
	case o := <-done:
		elsewhere, err = o.elsewhere, o.err
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-t.Done():
		err = errStopped
	}
	if err != nil {
		t.exit(k)
	}
	return mine, elsewhere, err
}

// check refuses what the table would, with all else in the same batch, and would
// again at each attempt.
func check(k key, info json.RawMessage) error {
	for _, name := range []string{k.scope, k.subject} {
		if n := utf8.RuneCountInString(name); n == 0 || n > maxName || !utf8.ValidString(name) || strings.ContainsRune(name, 0) {
			return fmt.Errorf("presence: %q is no name of a place or a subject", name)
		}
	}
	if info != nil && (!json.Valid(info) || !utf8.Valid(info)) {
		return errors.New("presence: the info is not JSON")
	}
	return nil
}

func (t *Tracker) exit(k key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s, ok := t.here[k]; ok && s.n > 0 {
		s.n--
		t.mark(k)
		t.signal()
	}
}

// mark makes a count be reported, for those who wait for that and whoever waits
// already.
func (t *Tracker) mark(k key, waiting ...chan<- outcome) {
	t.dirty[k] = append(t.dirty[k], waiting...)
}

func (t *Tracker) signal() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}
