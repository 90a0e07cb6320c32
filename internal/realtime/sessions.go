package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"son1k/internal/events"
)

// systemTopic is what everybody hears.
const systemTopic = "system"

// sessions are the authenticated ones of this process.
type sessions struct {
	mu  sync.Mutex
	all map[*session]struct{}
}

func (h *Hub) sessionBegan(s *session) {
	h.sessions.mu.Lock()
	defer h.sessions.mu.Unlock()
	h.sessions.all[s] = struct{}{}
}

func (h *Hub) sessionEnded(s *session) {
	h.sessions.mu.Lock()
	defer h.sessions.mu.Unlock()
	delete(h.sessions.all, s)
}

func (ss *sessions) list() []*session {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	all := make([]*session, 0, len(ss.all))
	for s := range ss.all {
		all = append(all, s)
	}
	return all
}

// followSystem passes what concerns everybody to all sessions, by one
// subscription for the process.
func (h *Hub) followSystem(ctx context.Context) {
	for ctx.Err() == nil {
		s, _, err := h.cfg.Feed.Subscribe(ctx, systemTopic, events.Live, h.tellEverybody)
		if err == nil {
			s.Begin(func() {})
			<-ctx.Done()
			s.Close()
			return
		}
		sleep(ctx, time.Second)
	}
}

func (h *Hub) tellEverybody(e events.Event) {
	for _, s := range h.sessions.list() {
		s.overhear(e)
	}
}

// overhear passes on an event that the session has not asked for.
func (s *session) overhear(e events.Event) {
	if s.follows(systemTopic) {
		return // then it comes by the session's own subscription
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	s.pass(e)
}

// Sockets is how many are open.
func (h *Hub) Sockets() int { return int(h.sockets.Load()) }

// Users is how many people are connected to this process.
func (h *Hub) Users() int {
	users := make(map[uuid.UUID]struct{})
	for _, s := range h.sessions.list() {
		users[s.user] = struct{}{}
	}
	return len(users)
}
