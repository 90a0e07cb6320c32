package realtime

import (
	"context"
	"encoding/json"
	"errors"
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

// conn is one socket. Its reader goroutine, which runs serve, owns all fields
// but the outbox and the timers.
type conn struct {
	hub  *Hub
	ws   *websocket.Conn
	out  *outbox
	end  chan closeError
	rate bucket
	subs map[string]*events.Subscription

	principal auth.Principal // zero until authenticated
	expiry    *expiry
}

func newConn(h *Hub, ws *websocket.Conn) *conn {
	c := &conn{
		hub: h, ws: ws, out: newOutbox(h.cfg.Limits.QueueBytes), end: make(chan closeError, 1),
		rate: newBucket(h.cfg.Limits.FrameRate, h.cfg.Limits.FrameBurst),
		subs: make(map[string]*events.Subscription),
	}
	c.expiry = newExpiry(func() { c.finish(closeError{CloseUnauthorized, "the token has expired"}) }, c.warnExpiry)
	return c
}

// closeError ends a connection with a close code and a reason for the client.
type closeError struct {
	code   websocket.StatusCode
	reason string
}

func (e closeError) Error() string { return e.reason }

// serve runs the connection to its end.
func (c *conn) serve(ctx context.Context, query url.Values) {
	ctx, cancel := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	helpers.Go(func() { c.write(ctx) })
	helpers.Go(func() { c.watch(ctx) })
	err := c.read(ctx, query)
	c.expiry.stop()
	for _, s := range c.subs {
		s.Close()
	}
	c.close(err)
	cancel()
	helpers.Wait()
}

// finish asks for the connection to be closed. Cancelling its context instead
// would cut the socket before the client has learned why.
func (c *conn) finish(err closeError) {
	select {
	case c.end <- err:
	default: // it is ending already
	}
}

// close says goodbye, with the code that cause stands for. It does nothing for
// a socket that is closed already.
func (c *conn) close(cause error) {
	var ce closeError
	if errors.As(cause, &ce) {
		_ = c.ws.Close(ce.code, ce.reason) // the client may be gone
		return
	}
	_ = c.ws.CloseNow()
}

// write is the writer goroutine. If it fails the socket is broken, which the
// reader notices too.
func (c *conn) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.out.wake:
		}
		items, err := c.out.take()
		if err != nil {
			c.finish(closeError{CloseSlow, "too slow; resume after the last event seen"})
			return
		}
		for _, item := range items {
			if item.body != nil && c.writeFrame(ctx, item.body) != nil {
				return
			}
		}
	}
}

func (c *conn) writeFrame(ctx context.Context, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, c.hub.cfg.Limits.Write)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, body)
}

// watch pings the client, and closes the socket when finish asks for it or the
// hub stops. The reader ends with the socket.
func (c *conn) watch(ctx context.Context) {
	ticker := time.NewTicker(c.hub.cfg.Limits.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-c.end:
			c.close(err)
			return
		case <-c.hub.stopping:
			c.sayRestart(ctx)
			return
		case <-ticker.C:
			if c.ping(ctx) != nil {
				c.close(nil)
				return
			}
		}
	}
}

func (c *conn) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.hub.cfg.Limits.Write)
	defer cancel()
	return c.ws.Ping(ctx)
}

// sayRestart closes the socket for a restart, when its turn comes.
func (c *conn) sayRestart(ctx context.Context) {
	timer := time.NewTimer(c.hub.drainDelay())
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
		c.close(closeError{websocket.StatusServiceRestart, "the server restarts; reconnect"})
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
			return closeError{CloseFlood, "too many frames"}
		}
		c.handle(ctx, body)
	}
}

// hello authenticates by the ticket in the query or by the first frame.
func (c *conn) hello(ctx context.Context, query url.Values) error {
	after := events.Live
	if text := query.Get("after"); text != "" {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= 0 {
			after = n
		}
	}
	deadline := time.AfterFunc(c.hub.cfg.Limits.AuthTimeout, func() {
		c.finish(closeError{CloseUnauthorized, "no authentication in time"})
	})
	defer deadline.Stop()
	if ticket := query.Get("ticket"); ticket != "" {
		p, err := c.hub.cfg.Auth.RedeemTicket(ctx, ticket)
		if err == nil {
			err = c.welcome(ctx, p, nil, after)
		}
		return c.refusal(err)
	}
	body, err := c.readFrame(ctx)
	if err != nil {
		return err
	}
	req, err := parseRequest(body)
	if err == nil && req.Type != "authenticate" {
		err = apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", "Send authenticate first.")
	}
	if err == nil {
		err = c.authenticate(ctx, req)
	}
	return c.refusal(err)
}

// refusal makes of a failed authentication the end of the connection.
func (c *conn) refusal(err error) error {
	if err == nil {
		return nil
	}
	e := apperr.From(err)
	if e.Kind == apperr.Internal {
		c.hub.cfg.Log.Error("realtime: authentication failed", "error", err)
		return closeError{websocket.StatusInternalError, e.Code}
	}
	return closeError{CloseUnauthorized, e.Code + ": " + e.Message}
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
