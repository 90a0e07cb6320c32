package engineio

import (
	"log/slog"
	"net/http"
	"time"
)

// Names of the transports.
const (
	Polling   = "polling"
	WebSocket = "websocket"
)

// Options of a Server. Zero values stand for the defaults.
type Options struct {
	// Open is called for each new session, before anything is received. What
	// it returns is told what happens to the session. It must not block.
	Open func(*Session) Receiver

	PingInterval   time.Duration // between a pong and the next ping; default 25 s
	PingTimeout    time.Duration // for the pong; default 20 s
	UpgradeTimeout time.Duration // for a WebSocket to take over a session; default 10 s
	MaxPayload     int           // bytes of a POST or of a WebSocket message; default 1,000,000
	BufferBytes    int           // that wait for one client; default 1 MiB
	MaxSessions    int           // at the same time; default no limit
	Drain          time.Duration // over which Stop spreads the closing of sessions; default 0

	Transports []string // default both; with one of them there are no upgrades
	NoUpgrades bool     // sessions keep the transport that they began with

	// CheckOrigin decides on requests with an Origin header. The default
	// allows the origin that the request itself was sent to.
	CheckOrigin func(*http.Request) bool
	// Admit may refuse a handshake. The text of the error is sent to the
	// client.
	Admit func(*http.Request) error

	Log *slog.Logger // default slog.Default()
}

func (o *Options) setDefaults() {
	setDefault(&o.PingInterval, 25*time.Second)
	setDefault(&o.PingTimeout, 20*time.Second)
	setDefault(&o.UpgradeTimeout, 10*time.Second)
	setDefault(&o.MaxPayload, 1_000_000)
	setDefault(&o.BufferBytes, 1<<20)
	if o.Transports == nil {
		o.Transports = []string{Polling, WebSocket}
	}
	if o.CheckOrigin == nil {
		o.CheckOrigin = sameOrigin
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
