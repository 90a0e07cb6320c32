package realtime

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"son1k/internal/apperr"
	"son1k/internal/events"
)

// requestTimeout bounds the answer to one frame.
const requestTimeout = 10 * time.Second

// conn is a socket of the native protocol. Its reader goroutine is all that an
// idle one has.
type conn struct {
	hub     *Hub
	session *session
	ws      *websocket.Conn
	net     net.Conn // below ws
	out     *outbox
	rate    bucket

	ctx    context.Context // ends with the connection, whoever closes it, so that nobody waits for a database in vain
	cancel context.CancelFunc

	writer  sync.Mutex // held while frames are on their way from out to net
	tasks   sync.Mutex // guards ended
	ended   bool
	running sync.WaitGroup

	deadline sync.Mutex // guards closing, and net's deadline
	closing  bool
	hurried  sync.Once

	pings      *time.Timer
	unanswered atomic.Bool // a ping
}

func newConn(h *Hub, ip string) *conn {
	c := &conn{
		hub: h, out: newOutbox(h.cfg.Limits.QueueBytes),
		rate: newBucket(h.cfg.Limits.FrameRate, h.cfg.Limits.FrameBurst),
	}
	c.ctx, c.cancel = context.WithCancel(h.always)
	c.session = newSession(h, c, ip)
	c.pings = time.AfterFunc(time.Hour, c.ping) // serve winds it up
	return c
}

// serve authenticates the client and leaves the rest to a goroutine of its own:
// that of the request has grown a stack, and holds memory, that an idle socket
// does not need.
func (c *conn) serve(query url.Values) {
	c.pings.Reset(c.hub.cfg.Limits.Ping)
	c.guard(func() error {
		if err := c.hello(c.ctx, query); err != nil {
			return err
		}
		go c.guard(c.read) // Stop waits for it, by end
		return nil
	})
}

// guard runs a stage of the connection's life, and ends it if that fails.
func (c *conn) guard(stage func() error) {
	err := errPanicked
	defer func() {
		if err != nil {
			c.lastWords(err)
			c.hub.caught(recover())
		}
	}()
	err = stage()
}

// lastWords ends the connection.
func (c *conn) lastWords(err error) {
	c.session.end()
	c.close(err)
	c.abandon()
	c.await()
	c.hub.leave(c)
}

// abandon lets go of what a connection holds from the start.
func (c *conn) abandon() {
	c.pings.Stop()
	c.cancel()
}

// read answers the client's frames until there are no more.
func (c *conn) read() error {
	for {
		body, err := c.readFrame()
		if err != nil {
			return err
		}
		if !c.rate.allow(time.Now()) {
			return errFlood
		}
		c.answer(c.ctx, body)
	}
}

// answer answers one frame.
func (c *conn) answer(ctx context.Context, body []byte) {
	req, err := parseRequest(body)
	if err == nil {
		err = c.session.handle(ctx, req, c.replyTo(req.ID))
	}
	if err != nil {
		c.send(errorFrame(req.ID, err))
	}
}

// replyTo returns how to answer a request with this id. Who gives none wants
// no plain acknowledgement.
func (c *conn) replyTo(id json.RawMessage) reply {
	return func(typ string, data any) {
		if typ != "ack" || id != nil {
			c.send(frame{Type: typ, ID: id, Data: data})
		}
	}
}

// pinged counts a ping of the client's like a frame. The reader calls it.
func (c *conn) pinged(context.Context, []byte) bool {
	ok := c.rate.allow(time.Now())
	if !ok {
		c.finish(errFlood)
	}
	return ok
}

// hello authenticates by the ticket in the query or by the first frame.
func (c *conn) hello(ctx context.Context, query url.Values) error {
	if ticket := query.Get("ticket"); ticket != "" {
		return c.session.refusal(ctx, c.redeem(ctx, ticket, parseAfter(query.Get("after"))))
	}
	body, err := c.firstFrame()
	if err != nil {
		return err
	}
	return c.session.refusal(ctx, c.firstRequest(ctx, body))
}

func (c *conn) redeem(ctx context.Context, ticket string, after int64) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	p, err := c.hub.cfg.Auth.RedeemTicket(ctx, ticket)
	if err != nil {
		return err
	}
	return c.session.welcome(ctx, p, after, c.replyTo(nil))
}

// firstFrame waits for the client no longer than it may take to authenticate.
// How long we take over the answer is not the client's fault.
func (c *conn) firstFrame() ([]byte, error) {
	late := closeError{CloseUnauthorized, "no authentication in time"}
	deadline := time.AfterFunc(c.hub.cfg.Limits.AuthTimeout, func() { c.finish(late) })
	body, err := c.readFrame()
	if !deadline.Stop() {
		return nil, late
	}
	return body, err
}

func (c *conn) firstRequest(ctx context.Context, body []byte) error {
	req, err := parseRequest(body)
	if err != nil {
		return err
	}
	if req.Type != "authenticate" {
		return apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", "Send authenticate first.")
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return c.session.authenticate(ctx, req, c.replyTo(req.ID))
}

func parseAfter(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return n
	}
	return events.Live
}

func (c *conn) readFrame() ([]byte, error) {
	// Not with ctx, which would be watched for as long as the client is silent:
	// whatever ends it closes the socket, too.
	typ, body, err := c.ws.Read(c.hub.always)
	if err != nil {
		return nil, err
	}
	if typ != websocket.MessageText {
		return nil, closeError{websocket.StatusUnsupportedData, "text frames only"}
	}
	if !utf8.Valid(body) {
		return nil, closeError{websocket.StatusInvalidFramePayloadData, "not UTF-8"}
	}
	return body, nil
}

var nativeForm = events.NewForm(encodeEvent)

// event implements link.
func (c *conn) event(e events.Event, key string) { c.push(nativeForm.Of(e), key) }

// tell implements link.
func (c *conn) tell(topic, typ string, data any) { c.send(frame{Type: typ, Topic: topic, Data: data}) }

func (c *conn) send(f frame) { c.push(f.encode(), "") }
