package realtime

import (
	"errors"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// closeError ends a connection with a close code and a reason for the client.
type closeError struct {
	code   websocket.StatusCode
	reason string
}

func (e closeError) Error() string { return e.reason }

var (
	errFlood    = closeError{CloseFlood, "too many frames"}
	errRestart  = closeError{websocket.StatusServiceRestart, "the server restarts; reconnect"}
	errPanicked = error(closeError{websocket.StatusInternalError, "INTERNAL_ERROR"})
)

// maxReason is what fits into a close frame beside the code (RFC 6455, 5.5).
const maxReason = 123

// finish closes the connection. Cancelling the context of a read instead would
// cut the socket before the client has learned why.
func (c *conn) finish(err closeError) {
	c.hurry(err)
	c.begin(func() {
		defer c.cancel()
		c.close(err)
	})
}

// restart finishes the connection because the server stops, when its turn
// comes.
func (c *conn) restart() {
	time.AfterFunc(c.hub.drainDelay(), func() { c.finish(errRestart) })
}

// hurry bounds what is left of the connection: a write to a client that does
// not read, and the wait for its answer to the close. The library's own limits
// are long, and it has none for the rest of a message that it was in the middle
// of. The first cause counts.
func (c *conn) hurry(cause closeError) {
	c.hurried.Do(func() {
		c.hub.stats.count(cause)
		c.deadline.Lock()
		defer c.deadline.Unlock()
		c.closing = true
		_ = c.net.SetDeadline(time.Now().Add(c.hub.cfg.Limits.Close)) // fails if closed
	})
}

// close says goodbye, with the code that cause stands for, and waits a while
// for the client to answer: a socket that is closed with unread frames is
// reset, and the client may never see the code. It does nothing for a socket
// that is closed already.
func (c *conn) close(cause error) {
	ce := closeError{code: websocket.StatusProtocolError} // the library may have sent it, with a reason
	switch {
	case errors.As(cause, &ce):
	case errors.Is(cause, websocket.ErrMessageTooBig):
		ce.code = websocket.StatusMessageTooBig
	}
	c.hurry(ce)
	c.out.close()
	c.writer.Lock() // no frame may follow the close
	defer c.writer.Unlock()
	_ = c.ws.Close(ce.code, clip(ce.reason)) // the client may be gone
}

// clip makes a reason fit; the library sends nothing if it does not.
func clip(reason string) string {
	if len(reason) <= maxReason {
		return reason
	}
	end := maxReason
	for !utf8.RuneStart(reason[end]) {
		end--
	}
	return reason[:end]
}
