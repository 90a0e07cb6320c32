package socketio

import (
	"log/slog"
	"net/http"
	"time"

	"son1k/internal/realtime/socketio/engineio"
)

// Options of a Server. Zero values stand for the defaults, those of engineio
// for what is passed on to it.
type Options struct {
	PingInterval   time.Duration // default 25 s
	PingTimeout    time.Duration // default 20 s
	UpgradeTimeout time.Duration // default 10 s
	ConnectTimeout time.Duration // for a client to join its first namespace; default 45 s
	MaxPayload     int           // bytes of one message from a client; default 1,000,000
	BufferBytes    int           // that wait for one client; default 1 MiB
	MaxSessions    int           // default no limit
	Drain          time.Duration // over which Stop spreads the closing of connections; default 0

	MaxNamespaces  int // that one client may join at the same time; default 16
	MaxAttachments int // binaries of one event; default 10
	MaxPending     int // events of one socket that wait for their handlers; default 1,024
	MaxName        int // bytes of the names of events and namespaces; default 256

	Transports []string // default engineio.Polling and engineio.WebSocket
	NoUpgrades bool

	CheckOrigin func(*http.Request) bool  // default: the origin is the request's own host
	Admit       func(*http.Request) error // may refuse a session; the error's text is sent
	Log         *slog.Logger              // default slog.Default()
}

func (o *Options) setDefaults() {
	setDefault(&o.ConnectTimeout, 45*time.Second)
	setDefault(&o.MaxPayload, 1_000_000)
	setDefault(&o.MaxNamespaces, 16)
	setDefault(&o.MaxAttachments, 10)
	setDefault(&o.MaxPending, 1024)
	setDefault(&o.MaxName, 256)
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

func (o *Options) engine(open func(*engineio.Session) engineio.Receiver) engineio.Options {
	return engineio.Options{
		Open: open, PingInterval: o.PingInterval, PingTimeout: o.PingTimeout, UpgradeTimeout: o.UpgradeTimeout,
		MaxPayload: o.MaxPayload, BufferBytes: o.BufferBytes, MaxSessions: o.MaxSessions, Drain: o.Drain,
		Transports: o.Transports, NoUpgrades: o.NoUpgrades, CheckOrigin: o.CheckOrigin, Admit: o.Admit, Log: o.Log,
	}
}
