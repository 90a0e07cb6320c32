package engineio

import (
	"context"
	"errors"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// socket is a WebSocket with its wire.
type socket struct {
	*websocket.Conn
	wire *wire

	// Set before the last start of a writer, with the session's mutex.
	code   websocket.StatusCode
	reason string
}

// errUTF8 is a text that is none.
var errUTF8 = errors.New("text is not UTF-8")

// accept makes a WebSocket of a request. If it fails the answer has been
// written.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) (*socket, error) {
	c := &socket{wire: &wire{}}
	var err error
	c.Conn, err = websocket.Accept(wiring{w, c.wire}, r, &websocket.AcceptOptions{
		InsecureSkipVerify: true, // the origin has been checked
		CompressionMode:    websocket.CompressionDisabled,
	})
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(int64(s.opts.MaxPayload))
	s.stats.webSockets.Add(1)
	return c, nil
}

// packetOf reads a frame's content.
func packetOf(typ websocket.MessageType, data []byte) (packet, error) {
	if typ == websocket.MessageBinary {
		return packet{typ: typeMessage, binary: true, data: data}, nil
	}
	if !utf8.Valid(data) {
		return packet{}, errUTF8
	}
	return decodePacket(data)
}

// closing bounds what is left of the connection and says how it is closed when
// all is written. The session's mutex is held.
func (c *socket) closing(code websocket.StatusCode, reason string) {
	c.code, c.reason = code, reason
	_ = c.wire.SetDeadline(time.Now().Add(grace)) // fails if it is closed
}

// cut closes the connection without waiting for the client's goodbye.
func (c *socket) cut(code websocket.StatusCode, reason string) {
	_ = c.wire.SetDeadline(time.Now().Add(grace)) // for the close frame; fails if it is closed
	c.wire.writeClose(code, reason)
	_ = c.wire.Close()
}

// drain reads on until the client is silent: a connection that is closed with
// unread data is reset, and the client may never see why.
func (c *socket) drain() {
	var buf [4096]byte
	end := time.Now().Add(grace)
	for time.Now().Before(end) {
		_ = c.wire.SetReadDeadline(time.Now().Add(silence))
		if _, err := c.wire.Read(buf[:]); err != nil {
			return
		}
	}
}

// leave closes what is left of the connection.
func (s *Server) leave(c *socket) {
	_ = c.CloseNow()
	s.stats.webSockets.Add(-1)
}

// openWebSocket opens a session that begins with a WebSocket.
func (s *Session) openWebSocket(w http.ResponseWriter, r *http.Request) *refusal {
	c, err := s.server.accept(w, r)
	if err != nil {
		s.end(ending{reason: TransportError})
		return nil
	}
	_, _ = c.wire.Write(s.hello([]string{}).first.frame) // the reader notices if the client is gone
	s.startHeartbeat()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended { // the server stops
		c.cut(websocket.StatusServiceRestart, string(s.why))
		s.server.leave(c)
		return nil
	}
	s.socket = c
	s.startWriter()
	// A goroutine of its own has a smaller stack than the one that served the
	// request, which ends here.
	s.server.Go(func() { s.serveSocket(c) })
	return nil
}

// serveSocket reads until the connection is closed, also after the session has
// ended: the client's close frame comes last.
func (s *Session) serveSocket(c *socket) {
	defer s.server.leave(c)
	for {
		typ, data, err := c.Read(context.Background())
		if err != nil {
			s.lost(c, err)
			return
		}
		p, err := packetOf(typ, data)
		if err == nil {
			err = s.receive(p)
		}
		if err != nil {
			s.end(endingOf(err))
		}
	}
}

// lost ends the session of a connection that cannot be read any more.
func (s *Session) lost(c *socket, err error) {
	reason := TransportClosed
	if errors.Is(err, websocket.ErrMessageTooBig) {
		reason = TransportError
	}
	s.end(ending{reason: reason})
	if reason == TransportError {
		c.drain()
	}
}
