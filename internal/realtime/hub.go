package realtime

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"son1k/internal/auth"
	"son1k/internal/events"
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

// Config of a Hub. Feed, Auth and Snapshots are required.
type Config struct {
	Feed      *events.Feed
	Auth      Authenticator
	Snapshots Snapshots
	Log       *slog.Logger
	Origins   []string // allowed beside the server's own, as scheme://host
	Limits    Limits
}

// Limits of one connection; zero values mean the defaults.
type Limits struct {
	AuthTimeout time.Duration // to authenticate: 5 s
	Ping        time.Duration // between pings: 25 s
	Write       time.Duration // to write one frame: 10 s
	Drain       time.Duration // over which Stop closes the sockets: 2 s
	Close       time.Duration // for the client to answer a close: 2 s
	FrameBytes  int64         // longest frame from a client: 64 KiB
	QueueBytes  int           // frames waiting for a slow client, enough for a replay: 1 MiB
	FrameRate   float64       // frames a second from a client: 20
	FrameBurst  float64       // of them at once: 60
	Topics      int           // a connection may follow: 100
}

func (l *Limits) setDefaults() {
	l.AuthTimeout = cmp.Or(l.AuthTimeout, 5*time.Second)
	l.Ping = cmp.Or(l.Ping, 25*time.Second)
	l.Write = cmp.Or(l.Write, 10*time.Second)
	l.Drain = cmp.Or(l.Drain, 2*time.Second)
	l.Close = cmp.Or(l.Close, 2*time.Second)
	l.FrameBytes = cmp.Or(l.FrameBytes, 64<<10)
	l.QueueBytes = cmp.Or(l.QueueBytes, 1<<20)
	l.FrameRate = cmp.Or(l.FrameRate, 20)
	l.FrameBurst = cmp.Or(l.FrameBurst, 60)
	l.Topics = cmp.Or(l.Topics, 100)
}

// Hub serves the sockets of this process.
type Hub struct {
	cfg     Config
	started chan struct{}
	sockets atomic.Int64

	stopping context.Context // ended by Stop
	stop     context.CancelFunc

	mu    sync.Mutex // so that nobody enters once Stop waits
	conns sync.WaitGroup
}

// NewHub returns a Hub.
func NewHub(cfg Config) *Hub {
	cfg.Limits.setDefaults()
	cfg.Origins = originPatterns(cfg.Origins)
	h := &Hub{cfg: cfg, started: make(chan struct{})}
	h.stopping, h.stop = context.WithCancel(context.Background())
	close(h.started)
	return h
}

// originPatterns escapes the brackets of IPv6 addresses, which would otherwise
// be character classes to path.Match.
func originPatterns(origins []string) []string {
	patterns := make([]string, len(origins))
	for i, origin := range origins {
		patterns[i] = strings.ReplaceAll(origin, "[", `\[`)
	}
	return patterns
}

// Start implements lifecycle.Service; a hub works from the beginning.
func (h *Hub) Start(context.Context) error {
	if h.stopping.Err() != nil {
		return errors.New("realtime: the hub has been stopped")
	}
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
	h.mu.Unlock()
	h.conns.Wait()
}

// Sockets is how many are open.
func (h *Hub) Sockets() int { return int(h.sockets.Load()) }

// drainDelay is when to close a socket after Stop. A few sockets need no
// spreading, and a person at a terminal need not wait.
func (h *Hub) drainDelay() time.Duration {
	window := min(h.cfg.Limits.Drain, time.Duration(h.sockets.Load())*2*time.Millisecond)
	return rand.N(window + 1)
}

// enter counts a connection in, unless the hub is stopping.
func (h *Hub) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping.Err() != nil {
		return false
	}
	h.conns.Add(1)
	h.sockets.Add(1)
	return true
}

func (h *Hub) leave() {
	h.sockets.Add(-1)
	h.conns.Done()
}

// ServeHTTP upgrades the request and serves the socket until it closes. A
// ticket in the query authenticates it at once; "after" in the query says which
// event of its own topic the client saw last.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.enter() {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "shutting down", http.StatusServiceUnavailable)
		return
	}
	defer h.leave()
	c := newConn(h)
	hijack := &hijacker{ResponseWriter: w}
	var err error
	c.ws, err = websocket.Accept(hijack, r, &websocket.AcceptOptions{
		Subprotocols:    []string{Subprotocol},
		OriginPatterns:  h.cfg.Origins,
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived:  c.pinged,
	})
	if err != nil {
		h.cfg.Log.DebugContext(r.Context(), "realtime: upgrade refused", "error", err)
		return // Accept has answered
	}
	c.net = hijack.conn
	c.ws.SetReadLimit(h.cfg.Limits.FrameBytes)
	// The request is over; its context may end whenever its server likes.
	c.serve(context.WithoutCancel(r.Context()), r.URL.Query())
}

// hijacker keeps hold of the connection below a socket, for close.
type hijacker struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	h.conn = conn
	return conn, buffers, err
}
