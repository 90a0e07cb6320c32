package engineio

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Server serves Engine.IO clients; mount it where they look for it, whatever
// the path.
type Server struct {
	opts Options
	ping *Message
	noop *Message

	mu       sync.Mutex
	sessions map[string]*Session
	live     int // sessions that have not ended
	stopping bool

	work  sync.WaitGroup // of all goroutines and of sessions until they have ended
	stats counters
}

// New makes a server of sessions that opts.Open accepts.
func New(opts Options) *Server {
	opts.setDefaults()
	return &Server{
		opts: opts, sessions: make(map[string]*Session),
		ping: newPacket(typePing, ""), noop: newPacket(typeNoop, ""),
	}
}

// NewID makes an identifier that cannot be guessed: 20 characters that are safe
// in URLs.
func NewID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Go runs f in a goroutine that Stop waits for. It may be called by Receivers
// and by what was started with Go.
func (s *Server) Go(f func()) { s.work.Go(f) }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := s.serve(w, r); err != nil {
		s.stats.refused.Add(1)
		err.write(w)
	}
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) *refusal {
	if !s.shareWithOrigin(w, r) {
		return forbidden("Forbidden")
	}
	if r.Method == http.MethodOptions {
		preflight(w, r)
		return nil
	}
	query := r.URL.Query()
	transport := query.Get("transport")
	if !slices.Contains(s.opts.Transports, transport) {
		return unknownTransport()
	}
	sid := query.Get("sid")
	if sid == "" {
		return s.handshake(w, r, query)
	}
	session := s.find(sid)
	switch {
	case session == nil:
		return unknownSession()
	case query.Get("EIO") != version:
		return unsupportedVersion()
	case transport == WebSocket:
		return session.serveUpgrade(w, r)
	case r.Method == http.MethodGet:
		return session.servePoll(w, r)
	case r.Method == http.MethodPost:
		return session.servePost(w, r)
	}
	return badRequest()
}

// version is the only version of the protocol that is spoken here.
const version = "4"

// handshake opens a session.
func (s *Server) handshake(w http.ResponseWriter, r *http.Request, query url.Values) *refusal {
	socket := query.Get("transport") == WebSocket
	switch {
	case r.Method != http.MethodGet:
		return badMethod()
	case socket && !asksForWebSocket(r):
		return badRequest()
	case query.Get("EIO") != version:
		return unsupportedVersion()
	}
	if s.opts.Admit != nil {
		if err := s.opts.Admit(r); err != nil {
			return forbidden(err.Error())
		}
	}
	session, err := s.add(r, query)
	if err != nil {
		return err
	}
	if socket {
		return session.openWebSocket(w, r)
	}
	session.openPolling(w)
	return nil
}

func asksForWebSocket(r *http.Request) bool {
	return strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// add takes up a session unless the server is full or stops. Stop waits for its
// end.
func (s *Server) add(r *http.Request, query url.Values) (*Session, *refusal) {
	if err := s.reserve(); err != nil {
		return nil, err
	}
	session := newSession(s, r, query)
	s.mu.Lock()
	s.sessions[session.id] = session
	stopping := s.stopping
	s.mu.Unlock()
	s.stats.opened.Add(1)
	if stopping { // it may have been too late for Stop to see it
		session.end(ending{reason: ServerStopping})
		return nil, serverStops()
	}
	return session, nil
}

// reserve counts a session before it is made.
func (s *Server) reserve() *refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping:
		return serverStops()
	case s.opts.MaxSessions > 0 && s.live >= s.opts.MaxSessions:
		return unavailable("Too many sessions")
	}
	s.live++
	s.work.Add(1)
	return nil
}

func serverStops() *refusal { return unavailable("The server is stopping") }

func (s *Server) find(sid string) *Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions[sid]
}

// forget makes a session unknown to further requests.
func (s *Server) forget(session *Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, session.id)
}

// ended counts a session that is no more.
func (s *Server) ended() {
	s.mu.Lock()
	s.live--
	s.mu.Unlock()
	s.work.Done()
}
