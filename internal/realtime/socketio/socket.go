package socketio

import (
	"context"
	"encoding/json"
	"sync"

	"son1k/internal/realtime/socketio/engineio"
)

// Socket is a client in a namespace.
type Socket struct {
	id        string
	namespace *Namespace
	conn      *conn
	rooms     map[string]struct{} // with the namespace's mutex

	mu      sync.Mutex
	state   state
	auth    json.RawMessage // until connected
	data    any
	ctx     context.Context // made when somebody asks for it
	cancel  context.CancelFunc
	jobs    []job // that wait for the worker
	bytes   int   // of their events
	working bool
	acks    map[int64]chan []Value // that the client owes
	lastAck int64
}

type state int8

const (
	connecting state = iota // Authorize has not decided yet
	connected
	disconnected
)

func newSocket(c *conn, n *Namespace, auth json.RawMessage) *Socket {
	if len(auth) == 0 {
		auth = json.RawMessage("{}")
	}
	return &Socket{id: engineio.NewID(), namespace: n, conn: c, auth: auth}
}

// ID identifies the socket; the client knows it too.
func (s *Socket) ID() string { return s.id }

// Namespace is the one that the client has joined with this socket.
func (s *Socket) Namespace() *Namespace { return s.namespace }

// Request is the HTTP request that opened the client's connection.
func (s *Socket) Request() engineio.Request { return s.conn.session.Request() }

// Transport is the one in use: engineio.Polling or engineio.WebSocket.
func (s *Socket) Transport() string { return s.conn.session.Transport() }

// Auth is the JSON object that the client has sent to join, {} if none. It is
// kept until OnConnect has returned.
func (s *Socket) Auth() json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.auth
}

// SetData keeps something with the socket, for Data.
func (s *Socket) SetData(data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data = data
}

// Data is what SetData has kept.
func (s *Socket) Data() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data
}

// Context ends when the socket is disconnected.
func (s *Socket) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx == nil {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		if s.state == disconnected {
			s.cancel()
		}
	}
	return s.ctx
}

// Connected reports whether the socket is connected.
func (s *Socket) Connected() bool { return s.is(connected) }

func (s *Socket) is(st state) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state == st
}

// Join adds the socket to a room.
func (s *Socket) Join(room string) { s.namespace.join(s, room) }

// Leave takes the socket out of a room. It leaves all when it is disconnected.
func (s *Socket) Leave(room string) {
	s.namespace.mu.Lock()
	defer s.namespace.mu.Unlock()
	s.namespace.leave(s, room)
}

// Rooms are those that the socket is in.
func (s *Socket) Rooms() []string { return s.namespace.roomsOf(s) }

// Emit sends an event. It does not wait until the client has got it.
func (s *Socket) Emit(event string, args ...any) error {
	p, err := EncodeEvent(s.namespace.name, event, args...)
	if err != nil {
		return err
	}
	return s.Send(p)
}

// Send queues a packet of the socket's namespace. It never waits. If more waits
// for the client than BufferBytes, its connection is closed.
func (s *Socket) Send(p Packet) error { return s.send(engineio.Key{}, p) }

// SendLatest is like Send, but the packet takes the place of one with the same
// key that still waits, and such packets are dropped before a connection is
// closed: it is for what the next packet will replace anyway.
func (s *Socket) SendLatest(key string, p Packet) error { return s.send(s.namespace.key(key), p) }

func (s *Socket) send(key engineio.Key, p Packet) error {
	if !s.Connected() || !s.conn.session.SendLatest(key, p.valid()) {
		return ErrClosed
	}
	return nil
}

// Disconnect ends the socket; the client is told and will not come back by
// itself. It may also close the connection, with all its other sockets.
func (s *Socket) Disconnect(closeConnection bool) {
	if closeConnection {
		s.conn.disconnect()
		return
	}
	s.leaveNamespace()
}

// leaveNamespace tells the client that it is not in the namespace any more.
func (s *Socket) leaveNamespace() {
	bye := header{typ: typeDisconnect, namespace: s.namespace.name, id: noID}
	if s.close(ServerDisconnect) == connected {
		s.conn.session.Send(engineio.NewText(bye.encode()))
		s.conn.left(s)
	}
}

// close disconnects the socket, whose worker does the rest. It returns the state
// before.
func (s *Socket) close(reason Reason) state {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.state
	s.state = disconnected
	if before == disconnected {
		return before
	}
	if s.cancel != nil {
		s.cancel()
	}
	s.acks = nil
	if before == connected {
		s.queue(job{run: func() { s.farewell(reason) }})
	}
	return before
}

// farewell is the socket's last job.
func (s *Socket) farewell(reason Reason) {
	s.namespace.remove(s)
	s.namespace.onDisconnect(s, reason)
}
