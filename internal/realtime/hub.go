package realtime

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"son1k/internal/auth"
	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/presence"
	"son1k/internal/realtime/socketio"
)

// Authenticator tells who a client is.
type Authenticator interface {
	Authenticate(ctx context.Context, bearer string) (auth.Principal, error)
	RedeemTicket(ctx context.Context, ticket string) (auth.Principal, error)
}

// Snapshots gives the current state of a generation as the type and data of an
// event. It fails with an apperr for one that is not the user's.
type Snapshots interface {
	Snapshot(ctx context.Context, userID, generationID uuid.UUID) (typ string, data any, err error)
}

// Config of a Hub. All but Log, Origins, ClientIP and Limits are required.
type Config struct {
	Feed      *events.Feed
	Publisher *events.Publisher
	Notify    *notify.Sender
	Presence  *presence.Tracker // to which Presence of the hub's Changes belongs
	Auth      Authenticator
	Snapshots Snapshots
	Rooms     Rooms
	Log       *slog.Logger
	Origins   []string // allowed beside the server's own, as scheme://host
	// ClientIP tells who calls, by the address of the peer and the headers; nil
	// means the peer.
	ClientIP func(remoteAddr string, header http.Header) string
	Limits   Limits
}

// Hub serves the sockets of this process.
type Hub struct {
	cfg     Config
	started chan struct{}
	wake    chan struct{}
	stats   counters

	always   context.Context // never ends: a socket that is told to come back is served until it has closed
	stopping context.Context // ended by Stop
	stop     context.CancelFunc
	running  sync.WaitGroup // what Start began

	mu    sync.Mutex // so that nobody enters once Stop waits
	conns sync.WaitGroup
	open  map[*conn]struct{}

	sockets  atomic.Int64
	sessions sessions
	places   places
	socketIO *socketio.Server
}

// NewHub returns a Hub.
func NewHub(cfg Config) *Hub {
	cfg.Limits.setDefaults()
	cfg.Origins = originPatterns(cfg.Origins)
	if cfg.ClientIP == nil {
		cfg.ClientIP = peerIP
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	h := &Hub{cfg: cfg, started: make(chan struct{}), wake: make(chan struct{}, 1)}
	h.sessions.all = make(map[*session]struct{})
	h.places.here = make(map[string]*place)
	h.open = make(map[*conn]struct{})
	h.always = context.Background()
	h.stopping, h.stop = context.WithCancel(h.always)
	h.socketIO = newSocketIO(h)
	return h
}

// Start implements lifecycle.Service.
func (h *Hub) Start(context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() != nil {
		return errors.New("realtime: the hub has been stopped")
	}
	h.running.Go(func() { h.watchPlaces(h.stopping) })
	h.running.Go(func() { h.followSystem(h.stopping) })
	close(h.started)
	return nil
}

// Started implements lifecycle.Service.
func (h *Hub) Started() <-chan struct{} { return h.started }

// Stop refuses new sockets, closes the others with 1012 at random moments
// within Limits.Drain, so that clients do not come back all at once, and waits,
// for those that do not answer no longer than Limits.Close.
func (h *Hub) Stop() {
	h.mu.Lock()
	h.stop()
	for c := range h.open {
		c.restart()
	}
	h.mu.Unlock()
	h.socketIO.Stop()
	h.conns.Wait()
	h.running.Wait()
}

// drainDelay is when to close a socket after Stop. A few need no spreading, and
// a person at a terminal need not wait.
func (h *Hub) drainDelay() time.Duration {
	window := min(h.cfg.Limits.Drain, time.Duration(h.sockets.Load())*2*time.Millisecond)
	return rand.N(max(1, window))
}

// enter counts a connection in, unless the hub is stopping.
func (h *Hub) enter(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() != nil {
		return false
	}
	h.open[c] = struct{}{}
	h.conns.Add(1)
	h.sockets.Add(1)
	h.stats.accepted.Add(1)
	return true
}

func (h *Hub) leave(c *conn) {
	h.mu.Lock()
	delete(h.open, c)
	h.mu.Unlock()
	h.sockets.Add(-1)
	h.conns.Done()
}

// begin runs f in a goroutine that Stop waits for.
func (h *Hub) begin(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() == nil {
		h.running.Go(f)
	}
}

// caught logs a panic. It is the end of a connection, not of the process.
func (h *Hub) caught(panicked any) {
	if panicked != nil {
		h.cfg.Log.Error("realtime: panic", "panic", panicked, "stack", string(debug.Stack()))
	}
}

// tellRoom sends an ephemeral event to a room, for everybody but from.
func (h *Hub) tellRoom(from, topic, key, typ string, data any) {
	if err := h.cfg.Publisher.EphemeralFrom(from, topic, key, typ, data); err != nil {
		h.cfg.Log.Error("realtime: event not sent", "type", typ, "error", err)
	}
}
