package realtime

import (
	"cmp"
	"time"
)

// Limits of the connections; zero values mean the defaults.
type Limits struct {
	AuthTimeout time.Duration // to authenticate: 5 s
	Ping        time.Duration // between pings: 25 s
	Write       time.Duration // to write, and to answer a ping: 10 s
	Drain       time.Duration // over which Stop closes the sockets: 2 s
	Close       time.Duration // for the client to answer a close: 2 s
	Typing      time.Duration // until typing ends by itself: 5 s
	FrameBytes  int64         // longest frame from a client: 64 KiB
	QueueBytes  int           // frames waiting for a slow client, enough for a replay: 1 MiB
	FrameRate   float64       // frames a second from a client: 20
	FrameBurst  float64       // of them at once: 60
	ChatRate    float64       // chat messages a second from a client: 2
	ChatBurst   float64       // of them at once: 10
	Topics      int           // a connection may follow: 100
	PerUser     int           // sockets of a user, on all replicas; 0 is any number
	PerIP       int           // sockets from an address, on all replicas; 0 is any number
}

func (l *Limits) setDefaults() {
	l.AuthTimeout = cmp.Or(l.AuthTimeout, 5*time.Second)
	l.Ping = cmp.Or(l.Ping, 25*time.Second)
	l.Write = cmp.Or(l.Write, 10*time.Second)
	l.Drain = cmp.Or(l.Drain, 2*time.Second)
	l.Close = cmp.Or(l.Close, 2*time.Second)
	l.Typing = cmp.Or(l.Typing, 5*time.Second)
	l.FrameBytes = cmp.Or(l.FrameBytes, 64<<10)
	l.QueueBytes = cmp.Or(l.QueueBytes, 1<<20)
	l.FrameRate = cmp.Or(l.FrameRate, 20)
	l.FrameBurst = cmp.Or(l.FrameBurst, 60)
	l.ChatRate = cmp.Or(l.ChatRate, 2)
	l.ChatBurst = cmp.Or(l.ChatBurst, 10)
	l.Topics = cmp.Or(l.Topics, 100)
}
