package engineio

import (
	"bufio"
	"encoding/binary"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// wire is the connection below a WebSocket. The library reads from it, and
// writes control frames; messages are written to it directly, as whole frames
// that were encoded once for all receivers and without a buffer per connection.
type wire struct {
	net.Conn
	early []byte // what arrived before the connection was taken over

	mu     sync.Mutex // makes frames whole
	closed bool       // a close frame has been written; nothing may follow it
}

// The buffers of an idle connection are small. The reader's is bypassed by
// larger messages, the writer's only holds control frames.
const (
	readBuffer  = 512
	writeBuffer = 144
)

// wiring makes the library use a wire when it takes over the connection.
type wiring struct {
	http.ResponseWriter
	wire *wire
}

// Hijack implements http.Hijacker.
func (w wiring) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.wire.Conn = conn
	w.wire.early, _ = rw.Reader.Peek(rw.Reader.Buffered())
	return w.wire, bufio.NewReadWriter(
		bufio.NewReaderSize(w.wire, readBuffer), bufio.NewWriterSize(w.wire, writeBuffer)), nil
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.early) == 0 {
		return w.Conn.Read(p)
	}
	n := copy(p, w.early)
	w.early = w.early[n:]
	if len(w.early) == 0 {
		w.early = nil // it was part of a larger buffer
	}
	return n, nil
}

// Write writes whole frames.
func (w *wire) Write(frames []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return 0, net.ErrClosed
	}
	w.closed = frames[0]&0xf == opClose
	return w.Conn.Write(frames)
}

// writeClose says goodbye unless that was done before.
func (w *wire) writeClose(code websocket.StatusCode, reason string) {
	frame := appendHeader(nil, opClose, 2+len(reason))
	frame = binary.BigEndian.AppendUint16(frame, uint16(code)) //nolint:gosec // the codes are small
	_, _ = w.Write(append(frame, reason...))                   // the client may be gone
}
