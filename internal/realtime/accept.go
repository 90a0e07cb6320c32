package realtime

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// originPatterns escapes the brackets of IPv6 addresses, which would otherwise
// be character classes to path.Match.
func originPatterns(origins []string) []string {
	patterns := make([]string, len(origins))
	for i, origin := range origins {
		patterns[i] = strings.ReplaceAll(origin, "[", `\[`)
	}
	return patterns
}

// peerIP is the address that a request came from.
func peerIP(remoteAddr string, _ http.Header) string {
	host, _, err := net.SplitHostPort(remoteAddr)
	if err != nil {
		return remoteAddr
	}
	return host
}

// ServeHTTP upgrades the request. A ticket in the query authenticates the socket
// at once; "after" in the query says which event of its own topic the client saw
// last. It returns when the client has authenticated or given up.
func (h *Hub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.stopping.Err() != nil {
		refuseStopping(w)
		return
	}
	c := newConn(h, h.cfg.ClientIP(r.RemoteAddr, r.Header))
	hijack := &hijacker{ResponseWriter: w}
	var err error
	c.ws, err = websocket.Accept(hijack, r, &websocket.AcceptOptions{
		Subprotocols:    []string{Subprotocol},
		OriginPatterns:  h.cfg.Origins,
		CompressionMode: websocket.CompressionDisabled,
		OnPingReceived:  c.pinged,
		OnPongReceived:  c.ponged,
	})
	if err != nil {
		c.abandon()
		h.cfg.Log.DebugContext(r.Context(), "realtime: upgrade refused", "error", err)
		return // Accept has answered
	}
	c.net = hijack.conn
	c.ws.SetReadLimit(h.cfg.Limits.FrameBytes)
	if !h.enter(c) {
		_ = c.ws.CloseNow() // the client will try again
		c.abandon()
		return
	}
	c.serve(r.URL.Query())
}

func refuseStopping(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, "shutting down", http.StatusServiceUnavailable)
}

// What the library buffers of a socket: to read short frames at once, and to
// write its own, which are control frames.
const (
	readBuffer  = 512
	writeBuffer = 256
)

// hijacker keeps hold of the connection below a socket, for the writer, and
// gives the library small buffers.
type hijacker struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	_ = conn.SetDeadline(time.Time{}) // those of the request no longer count; fails if closed
	h.conn = conn
	reader := buffers.Reader
	if reader.Buffered() == 0 {
		reader = bufio.NewReaderSize(conn, readBuffer)
	}
	return conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(conn, writeBuffer)), nil
}
