package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/events"
	"son1k/internal/realtime/socketio"
)

// newSocketIO returns the server for clients of Socket.IO. Each of their sockets
// has a session like that of a native connection, so that both see the same
// things in a room.
func newSocketIO(h *Hub) *socketio.Server {
	srv := socketio.New(socketio.Options{
		PingInterval: h.cfg.Limits.Ping, ConnectTimeout: h.cfg.Limits.AuthTimeout,
		MaxPayload: int(h.cfg.Limits.FrameBytes), BufferBytes: h.cfg.Limits.QueueBytes,
		MaxPending: int(h.cfg.Limits.FrameBurst), MaxNamespaces: 1, Drain: h.cfg.Limits.Drain,
		CheckOrigin: h.allowOrigin, Admit: h.admit, Log: h.cfg.Log,
	})
	main := srv.Of("/")
	main.Authorize(h.authorize)
	main.OnConnect(h.connected)
	main.OnAny(func(s *socketio.Socket, e *socketio.Event) { guestOf(s).handle(e) })
	main.OnDisconnect(func(s *socketio.Socket, _ socketio.Reason) { guestOf(s).gone() })
	return srv
}

// SocketIO serves the clients of Socket.IO, at /socket.io/.
func (h *Hub) SocketIO() http.Handler { return h.socketIO }

func (h *Hub) admit(*http.Request) error {
	if h.stopping.Err() != nil {
		return errors.New("the server restarts")
	}
	return nil
}

// allowOrigin lets in what is no browser, the server's own pages, and the
// frontends.
func (h *Hub) allowOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	if strings.EqualFold(u.Host, r.Host) {
		return true
	}
	for _, pattern := range h.cfg.Origins {
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(origin)); ok && err == nil {
			return true
		}
	}
	return false
}

// guest is a client of Socket.IO. It implements link.
type guest struct {
	hub     *Hub
	socket  *socketio.Socket
	session *session
	rate    bucket
	after   int64          // from the handshake
	who     auth.Principal // from the handshake; zero if it had no token
	late    *time.Timer    // until authenticated
}

func guestOf(s *socketio.Socket) *guest { return s.Data().(*guest) } // authorize has set it

// authorize reads the token of the handshake, if there is one. Clients may
// instead send authenticate afterwards.
func (h *Hub) authorize(s *socketio.Socket) error {
	g := &guest{hub: h, socket: s, rate: newBucket(h.cfg.Limits.FrameRate, h.cfg.Limits.FrameBurst)}
	r := s.Request()
	g.session = newSession(h, g, h.cfg.ClientIP(r.RemoteAddr, r.Header))
	s.SetData(g)
	var hello struct {
		Token  string `json:"token"`
		Ticket string `json:"ticket"`
		After  *int64 `json:"after"`
	}
	if json.Unmarshal(s.Auth(), &hello) != nil {
		return refusal(apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", "The token must be a string."))
	}
	g.after = after(hello.After)
	ctx, cancel := context.WithTimeout(s.Context(), requestTimeout)
	defer cancel()
	var err error
	switch {
	case hello.Token != "":
		g.who, err = h.cfg.Auth.Authenticate(ctx, strings.TrimPrefix(hello.Token, "Bearer "))
	case hello.Ticket != "":
		g.who, err = h.cfg.Auth.RedeemTicket(ctx, hello.Ticket)
	}
	if err != nil && apperr.From(err).Kind == apperr.Internal {
		h.cfg.Log.ErrorContext(ctx, "realtime: authentication failed", "error", err)
	}
	return refusal(err)
}

// refusal is what the client's connect_error handler gets.
func refusal(err error) error {
	if err == nil {
		return nil
	}
	data := errorOf(err)
	return &socketio.ConnectError{Message: data.Message, Data: data}
}

// connected welcomes the client, or gives it a while to authenticate.
func (h *Hub) connected(s *socketio.Socket) {
	g := guestOf(s)
	h.sockets.Add(1)
	h.stats.accepted.Add(1)
	if g.who.UserID == uuid.Nil {
		g.late = time.AfterFunc(h.cfg.Limits.AuthTimeout, func() {
			g.finish(closeError{CloseUnauthorized, "no authentication in time"})
		})
		return
	}
	ctx, cancel := context.WithTimeout(s.Context(), requestTimeout)
	defer cancel()
	if err := g.session.welcome(ctx, g.who, g.after, g.say); err != nil {
		g.tellError(err)
		s.Disconnect(true)
	}
}

func (g *guest) gone() {
	if g.late != nil {
		g.late.Stop()
	}
	g.session.end()
	g.hub.sockets.Add(-1)
}

// handle answers an event of the client's.
func (g *guest) handle(e *socketio.Event) {
	if !g.rate.allow(time.Now()) {
		g.finish(errFlood)
		return
	}
	err := g.session.handle(g.socket.Context(), requestOf(e), g.replyTo(e))
	if err == nil {
		if g.late != nil && g.session.user != uuid.Nil {
			g.late.Stop()
		}
		return
	}
	g.tellError(err)
	if e.WantsAck() {
		_ = e.Ack(failed{Error: errorOf(err)}) // the client may be gone
	}
}

// requestOf reads an event as the request that it stands for.
func requestOf(e *socketio.Event) request {
	req := request{Type: e.Name, Data: e.Arg(0).JSON()}
	var object struct {
		Topic string `json:"topic"`
		After *int64 `json:"after"`
	}
	if json.Unmarshal(req.Data, &object) == nil {
		req.Topic, req.After = object.Topic, object.After
	}
	if req.Type == "subscribe:cover" { // of older clients; covers are made by them
		req.Type = "unsubscribe:generation"
	}
	return req
}

type done struct {
	Success bool `json:"success"`
	Data    any  `json:"data"`
}

type failed struct {
	Success bool      `json:"success"`
	Error   errorData `json:"error"`
}

// replyTo answers by the event that the contract names, if it names one, and by
// the acknowledgement if the client waits for that.
func (g *guest) replyTo(e *socketio.Event) reply {
	return func(typ string, data any) {
		if typ != "ack" {
			g.say(typ, data)
		}
		if e.WantsAck() {
			_ = e.Ack(done{Success: true, Data: data}) // the client may be gone
		}
	}
}

func (g *guest) say(typ string, data any) {
	if typ != "ack" {
		_ = g.socket.Emit(typ, data) // the client may be gone
	}
}

func (g *guest) tellError(err error) {
	var ce closeError
	if errors.As(err, &ce) {
		code, message, _ := strings.Cut(ce.reason, ": ")
		g.say("error", errorData{Code: code, Message: message})
		return
	}
	g.say("error", errorOf(err))
}

// envelope is what a native frame has beside the data. It is sent as a second
// argument, which handlers that take one do not see.
type envelope struct {
	Topic string    `json:"topic"`
	Seq   int64     `json:"seq,omitempty"`
	TS    time.Time `json:"ts"`
}

var socketIOForm = events.NewForm(func(e events.Event) socketio.Packet {
	p, err := socketio.EncodeEvent("/", e.Type, e.Data, envelope{Topic: e.Topic, Seq: e.Seq, TS: e.At.UTC()})
	if err != nil {
		panic(err) // the data of events are JSON
	}
	return p
})

// event implements link.
func (g *guest) event(e events.Event, key string) {
	if key == "" {
		_ = g.socket.Send(socketIOForm.Of(e)) // the client may be gone
		return
	}
	_ = g.socket.SendLatest(key, socketIOForm.Of(e))
}

// tell implements link.
func (g *guest) tell(topic, typ string, data any) {
	_ = g.socket.Emit(typ, data, envelope{Topic: topic, TS: time.Now().UTC()}) // the client may be gone
}

// finish implements link.
func (g *guest) finish(err closeError) {
	g.hub.stats.count(err)
	g.say("error", errorData{Code: closeName(err), Message: err.reason})
	g.socket.Disconnect(true)
}

// closeName is the code of an error event for a close code.
func closeName(err closeError) string {
	switch err.code {
	case CloseUnauthorized:
		return "AUTH_REQUIRED"
	case CloseFlood:
		return "RATE_LIMITED"
	case CloseSlow:
		return "TOO_SLOW"
	default:
		return "DISCONNECTED"
	}
}
