package engineio

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// Receiver is told what happens to a session.
type Receiver interface {
	// Receive takes a message, which it may keep. Messages come in order and
	// one at a time; heartbeats wait meanwhile, so it must not block for long.
	// An error ends the session as a violation of the protocol.
	Receive(data []byte, binary bool) error
	// Closed is called once, when the session has ended; possibly while
	// Receive still runs. It must not block.
	Closed(Reason)
}

// Reason says why a session has ended.
type Reason string

// Reasons, in the words of the protocol's other implementations where they have
// any.
const (
	TransportClosed Reason = "transport close"      // by the client, or the connection broke
	TransportError  Reason = "transport error"      // the client broke the rules of the transport
	ParseError      Reason = "parse error"          // the client sent something invalid
	PingTimeout     Reason = "ping timeout"         // no pong in time
	ForcedClose     Reason = "forced close"         // by Close
	Slow            Reason = "slow"                 // more waited for the client than BufferBytes
	ServerStopping  Reason = "server shutting down" // by Stop
)

// Session is a client's connection, over one transport or another.
type Session struct {
	server   *Server
	id       string
	request  Request
	receiver Receiver
	incoming sync.Mutex // held while a packet is handled

	mu      sync.Mutex
	ended   bool
	why     Reason // when ended
	parting bool   // the next poll gets what is left
	out     outbox
	writing bool // a writer is on its way

	socket    *socket // nil while polling
	candidate *socket // asks to take over, see upgrade.go
	probed    bool    // the candidate has been answered

	poll    *poll         // the GET that waits
	polled  chan struct{} // closed when the next poll comes; nil if nobody waits for it
	posting bool

	timer    *time.Timer // see heartbeat.go
	due      time.Time
	awaiting bool // a pong
	excused  bool
}

func newSession(server *Server, r *http.Request, query url.Values) *Session {
	s := &Session{server: server, id: NewID(), request: newRequest(r, query)}
	s.receiver = server.opts.Open(s)
	return s
}

// ID identifies the session in its requests. Whoever knows it can take part in
// the session.
func (s *Session) ID() string { return s.id }

// Request is the request that opened the session.
func (s *Session) Request() Request { return s.request }

// Transport is the one in use: Polling or WebSocket.
func (s *Session) Transport() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket != nil {
		return WebSocket
	}
	return Polling
}

// hello is the open packet.
func (s *Session) hello(upgrades []string) *Message {
	opts := &s.server.opts
	body, _ := json.Marshal(struct {
		SID          string   `json:"sid"`
		Upgrades     []string `json:"upgrades"`
		PingInterval int64    `json:"pingInterval"`
		PingTimeout  int64    `json:"pingTimeout"`
		MaxPayload   int      `json:"maxPayload"`
	}{s.id, upgrades, opts.PingInterval.Milliseconds(), opts.PingTimeout.Milliseconds(), opts.MaxPayload}) // plain fields
	return newPacket(typeOpen, string(body))
}

// upgrades are those that a polling session may make.
func (s *Server) upgrades() []string {
	if s.opts.NoUpgrades || !slices.Contains(s.opts.Transports, WebSocket) {
		return []string{}
	}
	return []string{WebSocket}
}

// Send queues a message and never waits. It reports whether the session is
// still open. A client that does not keep up is closed, see SendLatest.
func (s *Session) Send(m *Message) bool { return s.SendLatest(Key{}, m) }

// SendLatest is like Send, but the message takes the place of one with the same
// key that still waits. When more waits than BufferBytes, messages with keys
// are dropped; if that is not enough the session ends as Slow.
func (s *Session) SendLatest(key Key, m *Message) bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.out.add(m, key)
	fits := s.out.shed(s.server.opts.BufferBytes)
	if fits {
		s.wake()
	}
	s.mu.Unlock()
	s.server.stats.sent.Add(1)
	if !fits {
		s.server.stats.slow.Add(1)
		s.end(ending{reason: Slow})
	}
	return fits
}

// wake gets the outbox emptied. The mutex is held.
func (s *Session) wake() {
	if s.socket != nil {
		s.startWriter()
		return
	}
	if s.poll != nil && s.out.peek() != nil {
		s.answerPoll(answer{messages: s.out.takeAll()})
	}
}

// Close sends what waits and ends the session.
func (s *Session) Close() { s.end(ending{reason: ForcedClose, flush: true}) }
