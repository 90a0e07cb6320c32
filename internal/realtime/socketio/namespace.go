package socketio

import (
	"maps"
	"sync"

	"son1k/internal/realtime/socketio/engineio"
)

// Handler handles an event. Events of one socket are handled one after the
// other, and a handler may block; the socket's context ends when the client is
// gone.
type Handler func(*Socket, *Event)

// Namespace is one of the independent channels of a server, with its own
// handlers, sockets and rooms. Handlers are set before clients connect.
type Namespace struct {
	server *Server
	name   string

	authorize    func(*Socket) error
	onConnect    func(*Socket)
	onDisconnect func(*Socket, Reason)
	onAny        Handler
	handlers     map[string]Handler

	mu      sync.RWMutex
	sockets map[string]*Socket // by id
	rooms   map[string]map[*Socket]struct{}
}

func newNamespace(server *Server, name string) *Namespace {
	return &Namespace{
		server: server, name: name,
		authorize: func(*Socket) error { return nil }, onConnect: func(*Socket) {},
		onDisconnect: func(*Socket, Reason) {}, onAny: func(*Socket, *Event) {},
		handlers: make(map[string]Handler),
		sockets:  make(map[string]*Socket), rooms: make(map[string]map[*Socket]struct{}),
	}
}

// Name is the name with its slash.
func (n *Namespace) Name() string { return n.name }

// Authorize decides who may join. The socket has its Auth and Request, but is
// not connected yet: what is sent to it is lost. A ConnectError refuses the
// client and is sent to it; any other error is logged, and the client learns
// only that there was one.
func (n *Namespace) Authorize(f func(*Socket) error) { n.authorize = f }

// OnConnect is called when a socket has been connected, before its events.
// Auth is gone afterwards.
func (n *Namespace) OnConnect(f func(*Socket)) { n.onConnect = f }

// OnDisconnect is called when a socket that was connected is so no more, after
// its last event. It has left its rooms already.
func (n *Namespace) OnDisconnect(f func(*Socket, Reason)) { n.onDisconnect = f }

// On sets the handler of the events with this name.
func (n *Namespace) On(event string, h Handler) { n.handlers[event] = h }

// OnAny sets the handler of the events that have none.
func (n *Namespace) OnAny(h Handler) { n.onAny = h }

func (n *Namespace) handler(event string) Handler {
	if h, ok := n.handlers[event]; ok {
		return h
	}
	return n.onAny
}

// Socket is the connected socket with this id, nil if there is none.
func (n *Namespace) Socket(id string) *Socket {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.sockets[id]
}

// Len is the number of connected sockets.
func (n *Namespace) Len() int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.sockets)
}

// RoomLen is the number of sockets in a room.
func (n *Namespace) RoomLen(room string) int {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return len(n.rooms[room])
}

func (n *Namespace) add(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.sockets[s.id] = s
	n.server.sockets.Add(1)
}

// remove takes the socket out of the namespace and all its rooms.
func (n *Namespace) remove(s *Socket) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for room := range s.rooms {
		n.leave(s, room)
	}
	if n.sockets[s.id] == s {
		delete(n.sockets, s.id)
		n.server.sockets.Add(-1)
	}
}

// join does nothing for a socket that is not connected any more, which nobody
// would take out again.
func (n *Namespace) join(s *Socket, room string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.sockets[s.id] != s {
		return
	}
	if n.rooms[room] == nil {
		n.rooms[room] = make(map[*Socket]struct{})
	}
	n.rooms[room][s] = struct{}{}
	if s.rooms == nil {
		s.rooms = make(map[string]struct{})
	}
	s.rooms[room] = struct{}{}
}

// leave needs the mutex.
func (n *Namespace) leave(s *Socket, room string) {
	delete(s.rooms, room)
	delete(n.rooms[room], s)
	if len(n.rooms[room]) == 0 {
		delete(n.rooms, room)
	}
}

func (n *Namespace) roomsOf(s *Socket) []string {
	n.mu.RLock()
	defer n.mu.RUnlock()
	rooms := make([]string, 0, len(s.rooms))
	for room := range maps.Keys(s.rooms) {
		rooms = append(rooms, room)
	}
	return rooms
}

// Emit sends an event to all sockets of the namespace.
func (n *Namespace) Emit(event string, args ...any) error { return n.To().Emit(event, args...) }

// To addresses the sockets that are in one of the rooms; without rooms, all.
func (n *Namespace) To(rooms ...string) Broadcast { return Broadcast{namespace: n, rooms: rooms} }

// key keeps the keys of different namespaces of a client apart.
func (n *Namespace) key(name string) engineio.Key { return engineio.Key{Scope: n.name, Name: name} }
