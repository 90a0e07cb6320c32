package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/events"
	"son1k/internal/presence"
)

// link is the connection of a session, in whichever protocol. None of its
// methods blocks.
type link interface {
	// event passes an event on. One with a key replaces a waiting one of that key.
	event(e events.Event, key string)
	// tell sends what is no event.
	tell(topic, typ string, data any)
	// finish closes the connection.
	finish(err closeError)
}

// reply sends the answer to a request. The type is ack if there is nothing to
// say but that it was done.
type reply func(typ string, data any)

// session is what a connected client is and follows. Its methods are called by
// the one goroutine that answers the client's requests, except where they say
// otherwise.
type session struct {
	hub    *Hub
	link   link
	ip     string
	expiry *expiry
	chat   bucket

	user   uuid.UUID // nil until authenticated, and then the same for good
	self   string    // the user as the subject of events and of presence
	quotas []presence.Limit

	mu    sync.Mutex
	who   auth.Principal
	lines map[string]*line // topics that the client has asked for, or its own
	seats map[uuid.UUID]*seat

	moving sync.Mutex // held while a topic is followed anew, or given up because its user lost it

	gate   sync.Mutex // held while an event is passed on
	passed int        // durable events so far
}

// line is a subscription of a session's.
type line struct {
	session *session
	topic   string
	sub     *events.Subscription

	// Guarded by session.gate.
	live bool // what was missed has been passed on
	cut  bool // the client may no longer follow
}

func newSession(h *Hub, l link, ip string) *session {
	s := &session{
		hub: h, link: l, ip: ip, chat: newBucket(h.cfg.Limits.ChatRate, h.cfg.Limits.ChatBurst),
		lines: make(map[string]*line),
	}
	s.expiry = newExpiry(func() { l.finish(closeError{CloseUnauthorized, "the token has expired"}) }, s.warnExpiry)
	return s
}

// end lets go of all that the session holds. When the hub stops, presence is
// left as it is: the client will be back on another replica in a moment.
func (s *session) end() {
	s.expiry.stop()
	s.hub.sessionEnded(s)
	s.mu.Lock()
	lines, seats := s.lines, s.seats
	s.lines, s.seats = nil, nil
	s.mu.Unlock()
	for _, l := range lines {
		l.sub.Close()
	}
	for room, st := range seats {
		s.stopTyping(room, st)
		s.hub.roomLeft(roomTopic(room))
	}
	if s.hub.stopping.Err() != nil {
		return
	}
	for room := range seats {
		s.hub.cfg.Presence.Exit(roomTopic(room), s.self, true)
	}
	s.hub.cfg.Presence.Release(s.quotas...)
}

// principal may be called by any goroutine.
func (s *session) principal() auth.Principal {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.who
}

// authenticated is the data of the answer to a good token or ticket. The answer
// to a renewed token says nothing about events.
type authenticated struct {
	Success   bool      `json:"success"`
	UserID    uuid.UUID `json:"userId"`
	Topic     string    `json:"topic"`
	Seq       *int64    `json:"seq,omitempty"`       // of the last event before the live ones
	Recovered *bool     `json:"recovered,omitempty"` // whether all events after the one asked for were replayed
}

// authenticate takes a token: the first one of the connection, or a fresh one
// of the same user before the old one expires.
func (s *session) authenticate(ctx context.Context, req request, answer reply) error {
	var data struct {
		Token string `json:"token"`
		After *int64 `json:"after"`
	}
	if err := json.Unmarshal(req.Data, &data); err != nil || data.Token == "" {
		return apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", `Send {"type":"authenticate","data":{"token":"…"}}.`)
	}
	p, err := s.hub.cfg.Auth.Authenticate(ctx, data.Token)
	if err != nil {
		return err
	}
	if s.user == uuid.Nil {
		return s.welcome(ctx, p, after(data.After), answer)
	}
	if p.UserID != s.user {
		return apperr.New(apperr.Forbidden, "OTHER_USER", "The token is another user's. Open another connection for it.")
	}
	s.identify(p)
	s.expiry.set(p.ExpiresAt)
	answer("authenticated", authenticated{Success: true, UserID: s.user, Topic: userTopic(s.user)})
	return nil
}

func userTopic(user uuid.UUID) string { return "user:" + user.String() }

func (s *session) identify(p auth.Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = p
}

// welcome makes the connection p's and follows p's own topic. The answer comes
// after what was replayed and before anything live.
func (s *session) welcome(ctx context.Context, p auth.Principal, after int64, answer reply) error {
	quotas := []presence.Limit{
		{Subject: "user:" + p.UserID.String(), Max: s.hub.cfg.Limits.PerUser},
		{Subject: "ip:" + s.ip, Max: s.hub.cfg.Limits.PerIP},
	}
	if err := s.hub.cfg.Presence.Acquire(ctx, quotas...); err != nil {
		if errors.Is(err, presence.ErrTooMany) {
			return errTooMany
		}
		return apperr.Wrap(err, apperr.Unavailable, "UNAVAILABLE", "Try again in a moment.")
	}
	s.quotas = quotas
	s.user, s.self = p.UserID, p.UserID.String()
	s.identify(p)
	mayAlways := func() error { return nil }
	err := s.follow(ctx, userTopic(p.UserID), after, mayAlways, func(pos events.Position) {
		answer("authenticated", authenticated{
			Success: true, UserID: p.UserID, Topic: userTopic(p.UserID), Seq: &pos.Seq, Recovered: &pos.Recovered,
		})
	})
	if err != nil { // a client of Socket.IO may try again
		s.hub.cfg.Presence.Release(quotas...)
		s.quotas, s.user, s.self = nil, uuid.Nil, ""
		return err
	}
	s.expiry.set(p.ExpiresAt)
	s.hub.sessionBegan(s)
	return nil
}

var errTooMany = closeError{CloseFlood, "TOO_MANY_CONNECTIONS: Close another connection first."}

// refusal makes of a failed authentication the end of the connection.
func (s *session) refusal(ctx context.Context, err error) error {
	var ce closeError
	if err == nil || errors.As(err, &ce) {
		return err
	}
	e := apperr.From(err)
	switch e.Kind {
	case apperr.Internal:
		s.hub.cfg.Log.ErrorContext(ctx, "realtime: authentication failed", "error", err)
		return closeError{websocket.StatusInternalError, e.Code}
	case apperr.Unavailable:
		return closeError{websocket.StatusTryAgainLater, e.Code + ": " + e.Message}
	default:
		return closeError{CloseUnauthorized, e.Code + ": " + e.Message}
	}
}

// follow subscribes to a topic, anew if the session follows it already, and
// calls replayed between what was missed and what is live. Before anything is
// passed on it asks whether the client may follow: what has been true earlier
// may have ended before the subscription began, by an event that it will never
// see.
func (s *session) follow(ctx context.Context, topic string, after int64, may func() error, replayed func(events.Position)) error {
	if err := s.hasRoomFor(topic); err != nil {
		return err
	}
	l := &line{session: s, topic: topic}
	sub, pos, err := s.hub.cfg.Feed.Subscribe(ctx, topic, after, l.receive)
	if err != nil {
		return err
	}
	if err := may(); err != nil {
		sub.Close()
		return err
	}
	l.sub = sub
	s.mu.Lock()
	old, again := s.lines[topic]
	s.lines[topic] = l
	s.mu.Unlock()
	if again {
		old.sub.Close()
	}
	sub.Begin(func() {
		l.goLive()
		replayed(pos)
	})
	return nil
}

// hasRoomFor fails if the topic would be one too many.
func (s *session) hasRoomFor(topic string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, again := s.lines[topic]; !again && len(s.lines) >= s.hub.cfg.Limits.Topics {
		return apperr.New(apperr.Invalid, "TOO_MANY_TOPICS", "Unsubscribe from a topic or leave a room first.")
	}
	return nil
}

// unfollow ends a subscription if there is one.
func (s *session) unfollow(topic string) {
	s.mu.Lock()
	l, ok := s.lines[topic]
	delete(s.lines, topic)
	s.mu.Unlock()
	if ok {
		l.sub.Close()
	}
}

// follows may be called by any goroutine.
func (s *session) follows(topic string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.lines[topic]
	return ok
}

func (l *line) goLive() {
	l.session.gate.Lock()
	defer l.session.gate.Unlock()
	l.live = true
}

// receive passes an event on to the client; the feed calls it. Among those that
// the client had missed one may tell that its user left the room: then the user
// has come back since.
func (l *line) receive(e events.Event) {
	s := l.session
	if e.From != "" && e.From == s.self {
		return
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	if l.cut {
		return
	}
	s.pass(e)
	if e.Type == roomNotification && l.live && s.expelledBy(e) {
		s.hub.stats.expelled.Add(1)
		l.cut = true // at once: what is said next is not for this client
		s.hub.begin(func() { s.expel(l) })
	}
}

// pass puts an event in the link. The caller holds the gate.
func (s *session) pass(e events.Event) {
	if e.Gap {
		s.link.tell(e.Topic, "gap", map[string]bool{"recovered": false})
	}
	key := e.Key
	if key == "" {
		s.passed++
	} else {
		key = e.Topic + " " + key
	}
	s.link.event(e, key)
}

func (s *session) warnExpiry(at time.Time) {
	s.link.tell("", "token:expiring", struct {
		ExpiresAt time.Time `json:"expiresAt"`
	}{at.UTC()})
}
