package socketio

import (
	"net/http"
	"sync"
	"sync/atomic"

	"son1k/internal/realtime/socketio/engineio"
)

// Server serves Socket.IO clients; mount it at /socket.io/, where they look for
// it.
type Server struct {
	opts   Options
	engine *engineio.Server

	mu         sync.RWMutex
	namespaces map[string]*Namespace

	sockets    atomic.Int64
	handled    atomic.Int64
	overflowed atomic.Int64
}

// New makes a server without namespaces; Of adds them.
func New(opts Options) *Server {
	opts.setDefaults()
	s := &Server{opts: opts, namespaces: make(map[string]*Namespace)}
	s.engine = engineio.New(opts.engine(s.open))
	return s
}

func (s *Server) open(session *engineio.Session) engineio.Receiver { return newConn(s, session) }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// Of is the namespace with this name, which from now on clients can join. "/"
// is the one that clients join by default.
func (s *Server) Of(name string) *Namespace {
	name = canonical(name)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.namespaces[name]
	if n == nil {
		n = newNamespace(s, name)
		s.namespaces[name] = n
	}
	return n
}

// find is the namespace with this name, nil if there is none.
func (s *Server) find(name string) *Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.namespaces[name]
}

// Stop refuses new clients and closes the connections of the others, who will
// reconnect. They are spread over the Drain window. It returns when all
// handlers, whose sockets' contexts have ended, have returned. It may be called
// more than once.
func (s *Server) Stop() { s.engine.Stop() }

// Stats describes the state of the server.
type Stats struct {
	engineio.Stats
	Sockets int64 // connected now
	Events  int64 // handled
	Floods  int64 // sockets closed because their events did not get handled in time
}

// Stats reports the state of the server.
func (s *Server) Stats() Stats {
	return Stats{
		Stats: s.engine.Stats(), Sockets: s.sockets.Load(), Events: s.handled.Load(), Floods: s.overflowed.Load(),
	}
}
