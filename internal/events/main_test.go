package events_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	patient  = 30 * time.Second
	never    = time.Hour // a sweep that must not be what saves a test
	pollEach = 5 * time.Millisecond
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// replica is a process that follows events, with connections of its own.
type replica struct {
	*events.Feed
	pool     *pgxpool.Pool
	listener *notify.Listener
}

type replicaOptions struct {
	sweep     time.Duration
	listenDSN string // if the listener goes another way
}

func newReplica(t testing.TB, dsn string, o replicaOptions) replica {
	t.Helper()
	if o.listenDSN == "" {
		o.listenDSN = dsn
	}
	r := replica{pool: open(t, dsn), listener: notify.NewListener(o.listenDSN, quiet())}
	r.Feed = events.NewFeed(r.pool, quiet())
	if o.sweep > 0 {
		r.SweepEvery(o.sweep)
	}
	r.Listen(r.listener)
	for _, s := range []interface {
		Start(context.Context) error
		Started() <-chan struct{}
		Stop()
	}{r.Feed, r.listener} {
		require.NoError(t, s.Start(t.Context()))
		t.Cleanup(s.Stop)
		<-s.Started()
	}
	return r
}

func open(t testing.TB, dsn string) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), dsn, 8, "test")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// source is a process that makes events.
type source struct {
	*events.Publisher
	pool *pgxpool.Pool
}

func newSource(t testing.TB, dsn string) source {
	t.Helper()
	sender := notify.NewSender(dsn, quiet())
	require.NoError(t, sender.Start(t.Context()))
	t.Cleanup(sender.Stop)
	return source{events.NewPublisher(sender), open(t, dsn)}
}

// log commits an event without telling anybody.
func (s source) log(ctx context.Context, topic string, data any) (e events.Event, err error) {
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		e, err = s.AppendTx(ctx, tx, topic, "happened", data)
		return err
	})
	return e, err
}

func (s source) publish(t testing.TB, topic string, data any) events.Event {
	t.Helper()
	e, err := s.log(t.Context(), topic, data)
	require.NoError(t, err)
	s.Publish(e)
	return e
}

// follower records what a subscription gets.
type follower struct {
	*events.Subscription
	pos events.Position

	mu        sync.Mutex
	durable   []events.Event
	ephemeral []events.Event
}

func (f *follower) receive(e events.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.Seq == 0 {
		f.ephemeral = append(f.ephemeral, e)
	} else {
		f.durable = append(f.durable, e)
	}
}

func (f *follower) seqs() (seqs []int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.durable {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

func (f *follower) gaps() (gaps []int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.durable {
		if e.Gap {
			gaps = append(gaps, e.Seq)
		}
	}
	return gaps
}

func (f *follower) ticks() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.ephemeral)
}

func (f *follower) requireSeqs(t testing.TB, want ...int64) {
	t.Helper()
	require.Eventually(t, func() bool { return len(f.seqs()) >= len(want) }, patient, pollEach)
	require.Equal(t, want, f.seqs())
}

func follow(t testing.TB, feed *events.Feed, topic string, after int64) *follower {
	t.Helper()
	f, err := tryFollow(t.Context(), feed, topic, after)
	require.NoError(t, err)
	t.Cleanup(f.Close)
	return f
}

func tryFollow(ctx context.Context, feed *events.Feed, topic string, after int64) (*follower, error) {
	f := new(follower)
	var err error
	f.Subscription, f.pos, err = feed.Subscribe(ctx, topic, after, f.receive)
	if err == nil {
		f.Begin(func() {})
	}
	return f, err
}

// upTo is first, first+1, … last.
func upTo(first, last int64) (seqs []int64) {
	for n := first; n <= last; n++ {
		seqs = append(seqs, n)
	}
	return slices.Clip(seqs)
}

func exec(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}
