package realtime

import (
	"context"
	"encoding/json"
	"net"
	"net/url"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/events"
)

// requestTimeout bounds the answer to one frame.
const requestTimeout = 10 * time.Second

// conn is one socket. Its reader goroutine, which runs serve, owns all fields
// but the outbox and the timers.
type conn struct {
	hub  *Hub
	ws   *websocket.Conn
	net  net.Conn // below ws
	out  *outbox
	end  chan closeError
	rate bucket
	subs map[string]*events.Subscription

	hurried   sync.Once
	principal auth.Principal // zero until authenticated
	expiry    *expiry
}

func newConn(h *Hub) *conn {
	c := &conn{
		hub: h, out: newOutbox(h.cfg.Limits.QueueBytes), end: make(chan closeError, 1),
		rate: newBucket(h.cfg.Limits.FrameRate, h.cfg.Limits.FrameBurst),
		subs: make(map[string]*events.Subscription),
	}
	c.expiry = newExpiry(func() { c.finish(closeError{CloseUnauthorized, "the token has expired"}) }, c.warnExpiry)
	return c
}

// serve runs the connection to its end. Its context ends with the connection,
// whoever closes it, so that the reader does not wait for a database in vain.
func (c *conn) serve(ctx context.Context, query url.Values) {
	ctx, cancel := context.WithCancel(ctx)
	var writer sync.WaitGroup
	defer writer.Wait()
	defer cancel()
	defer context.AfterFunc(c.hub.stopping, c.restart)()
	writer.Go(func() {
		defer cancel()
		c.write(ctx)
	})
	err := errPanicked
	defer func() { c.close(err) }()
	defer c.unfollow()
	err = c.read(ctx, query)
}

// unfollow ends everything that could still push frames.
func (c *conn) unfollow() {
	c.expiry.stop()
	for _, s := range c.subs {
		s.Close()
	}
}

// read authenticates the client and then answers its frames.
func (c *conn) read(ctx context.Context, query url.Values) error {
	if err := c.hello(ctx, query); err != nil {
		return err
	}
	for {
		body, err := c.readFrame(ctx)
		if err != nil {
			return err
		}
		if !c.rate.allow(time.Now()) {
			return errFlood
		}
		c.handle(ctx, body)
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
		return c.refusal(ctx, c.redeem(ctx, ticket, parseAfter(query.Get("after"))))
	}
	body, err := c.firstFrame(ctx)
	if err != nil {
		return err
	}
	return c.refusal(ctx, c.firstRequest(ctx, body))
}

func (c *conn) redeem(ctx context.Context, ticket string, after int64) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	p, err := c.hub.cfg.Auth.RedeemTicket(ctx, ticket)
	if err != nil {
		return err
	}
	return c.welcome(ctx, p, nil, after)
}

// firstFrame waits for the client no longer than it may take to authenticate.
// How long we take over the answer is not the client's fault.
func (c *conn) firstFrame(ctx context.Context) ([]byte, error) {
	late := closeError{CloseUnauthorized, "no authentication in time"}
	deadline := time.AfterFunc(c.hub.cfg.Limits.AuthTimeout, func() { c.finish(late) })
	body, err := c.readFrame(ctx)
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
	return c.authenticate(ctx, req)
}

func parseAfter(text string) int64 {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
		return n
	}
	return events.Live
}

// refusal makes of a failed authentication the end of the connection.
func (c *conn) refusal(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	e := apperr.From(err)
	switch e.Kind {
	case apperr.Internal:
		c.hub.cfg.Log.ErrorContext(ctx, "realtime: authentication failed", "error", err)
		return closeError{websocket.StatusInternalError, e.Code}
	case apperr.Unavailable:
		return closeError{websocket.StatusTryAgainLater, e.Code + ": " + e.Message}
	default:
		return closeError{CloseUnauthorized, e.Code + ": " + e.Message}
	}
}

func (c *conn) readFrame(ctx context.Context) ([]byte, error) {
	typ, body, err := c.ws.Read(ctx)
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

func (c *conn) send(f frame) { c.out.push(f.encode(), "") }

// ack answers a request that asked for an answer.
func (c *conn) ack(id json.RawMessage, data any) {
	if id != nil {
		c.send(frame{Type: "ack", ID: id, Data: data})
	}
}
