package realtime_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/events"
	"son1k/internal/lifecycle"
	"son1k/internal/notify"
	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/presence"
	"son1k/internal/realtime"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const (
	patient  = 30 * time.Second
	pollEach = 5 * time.Millisecond
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// system is a publisher, and any number of replicas that serve sockets.
type system struct {
	dsn       string
	pool      *pgxpool.Pool
	sender    *notify.Sender
	publisher *events.Publisher
	people    *people
	rooms     *rooms
}

func newSystem(t testing.TB) *system {
	t.Helper()
	s := &system{dsn: pgtest.DSN(t), people: newPeople()}
	s.pool = s.open(t)
	s.sender = notify.NewSender(s.dsn, quiet())
	require.NoError(t, s.sender.Start(t.Context()))
	t.Cleanup(s.sender.Stop)
	s.publisher = events.NewPublisher(s.sender)
	s.rooms = newRooms(s.pool, s.publisher)
	return s
}

func (s *system) open(t testing.TB) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), s.dsn, 8, "test")
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// publish commits an event of a user's and sends it.
func (s *system) publish(t testing.TB, user uuid.UUID, typ string, data any) events.Event {
	t.Helper()
	e := s.commit(t, user, typ, data)
	s.publisher.Publish(e)
	return e
}

func (s *system) commit(t testing.TB, user uuid.UUID, typ string, data any) events.Event {
	t.Helper()
	var e events.Event
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) (err error) {
		e, err = s.publisher.AppendTx(t.Context(), tx, topicOf(user), typ, data)
		return err
	})
	require.NoError(t, err)
	return e
}

func topicOf(user uuid.UUID) string { return "user:" + user.String() }

// replica is a process that serves sockets.
type replica struct {
	*system
	hub      *realtime.Hub
	feed     *events.Feed
	tracker  *presence.Tracker
	counts   *pgxpool.Pool // the tracker's
	listener *notify.Listener
	server   *httptest.Server
}

// serve starts a replica; change may be nil.
func (s *system) serve(t testing.TB, change func(*realtime.Config)) *replica {
	t.Helper()
	r := &replica{system: s, feed: events.NewFeed(s.open(t), quiet()), counts: s.open(t), listener: notify.NewListener(s.dsn, quiet())}
	r.tracker = presence.NewTracker(r.counts, quiet(), func(c presence.Change) { r.hub.PresenceChanged(c) })
	cfg := realtime.Config{
		Feed: r.feed, Publisher: s.publisher, Notify: s.sender, Presence: r.tracker,
		Auth: s.people, Snapshots: noSnapshots, Rooms: s.rooms, Log: quiet(),
	}
	if change != nil {
		change(&cfg)
	}
	r.hub = realtime.NewHub(cfg)
	r.feed.Listen(r.listener)
	r.hub.Listen(r.listener)
	for _, part := range []lifecycle.Service{r.feed, r.listener, r.tracker, r.hub} {
		require.NoError(t, part.Start(t.Context()))
		t.Cleanup(part.Stop)
		<-part.Started()
	}
	r.server = httptest.NewUnstartedServer(r.hub)
	r.server.Config.ConnState = smallBuffer
	r.server.Start()
	t.Cleanup(r.server.Close)
	t.Cleanup(r.hub.Stop)
	return r
}

// smallBuffer makes the system hold little for a client that does not read.
func smallBuffer(conn net.Conn, state http.ConnState) {
	if state == http.StateNew {
		_ = conn.(*net.TCPConn).SetWriteBuffer(8 << 10) // only a hint
	}
}

// limits is a change for serve.
func limits(l realtime.Limits) func(*realtime.Config) {
	return func(c *realtime.Config) { c.Limits = l }
}

// people is an Authenticator.
type people struct {
	mu      sync.Mutex
	tokens  map[string]auth.Principal
	tickets map[string]auth.Principal
	err     error // answers everything
}

func newPeople() *people {
	return &people{tokens: make(map[string]auth.Principal), tickets: make(map[string]auth.Principal)}
}

func (p *people) token(user uuid.UUID, expires time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := uuid.NewString()
	p.tokens[text] = auth.Principal{UserID: user, Username: nameOf(user), Tier: "PRO", ExpiresAt: expires}
	return text
}

func (p *people) ticket(user uuid.UUID) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := uuid.NewString()
	p.tickets[text] = auth.Principal{UserID: user, Username: nameOf(user), Tier: "PRO"}
	return text
}

func (p *people) fail(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *people) Authenticate(_ context.Context, bearer string) (auth.Principal, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, ok := p.tokens[bearer]
	switch {
	case p.err != nil:
		return auth.Principal{}, p.err
	case !ok, !who.ExpiresAt.IsZero() && time.Now().After(who.ExpiresAt):
		return auth.Principal{}, apperr.New(apperr.Unauthenticated, "TOKEN_INVALID", "Sign in again.")
	}
	return who, nil
}

func (p *people) RedeemTicket(_ context.Context, ticket string) (auth.Principal, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	who, ok := p.tickets[ticket]
	delete(p.tickets, ticket)
	switch {
	case p.err != nil:
		return auth.Principal{}, p.err
	case !ok:
		return auth.Principal{}, apperr.New(apperr.Unauthenticated, "TICKET_INVALID", "Ask for another ticket.")
	}
	return who, nil
}

func nameOf(user uuid.UUID) string { return "user-" + user.String()[:8] }

// snapshots is a Snapshots.
type snapshots func(ctx context.Context, user, generation uuid.UUID) (string, any, error)

func (s snapshots) Snapshot(ctx context.Context, user, generation uuid.UUID) (string, any, error) {
	return s(ctx, user, generation)
}

var noSnapshots = snapshots(func(context.Context, uuid.UUID, uuid.UUID) (string, any, error) {
	return "", nil, errors.New("this test has none")
})
