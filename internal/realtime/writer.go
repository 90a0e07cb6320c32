package realtime

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// batchBytes is how much a writer collects for one write to the socket.
const batchBytes = 32 << 10

// batches are buffers of writers; only sockets that are written to hold one.
var batches = sync.Pool{New: func() any { return new([]byte) }}

// push queues a frame. An idle socket has no writer goroutine; the first frame
// starts one, which ends when no more wait.
func (c *conn) push(body []byte, key string) {
	if c.out.push(body, key) {
		c.begin(c.write)
	}
}

// begin runs f in a goroutine that the connection waits for before it ends.
func (c *conn) begin(f func()) {
	c.tasks.Lock()
	defer c.tasks.Unlock()
	if !c.ended {
		c.running.Go(f)
	}
}

// await waits for those goroutines, and lets no more begin.
func (c *conn) await() {
	c.tasks.Lock()
	c.ended = true
	c.tasks.Unlock()
	c.running.Wait()
}

// write writes frames while some wait. If that fails the socket is broken,
// which the reader notices too.
func (c *conn) write() {
	buffer := batches.Get().(*[]byte)
	defer batches.Put(buffer)
	for {
		more, err := c.writeBatch(buffer)
		if err != nil {
			c.finish(whyNotWritten(err))
		}
		if !more {
			return
		}
	}
}

func whyNotWritten(err error) closeError {
	if errors.Is(err, errSlow) || errors.Is(err, os.ErrDeadlineExceeded) {
		return closeError{CloseSlow, "too slow; resume after the last event seen"}
	}
	return closeError{websocket.StatusGoingAway, "the connection is broken"} // so nobody reads this
}

func (c *conn) writeBatch(buffer *[]byte) (more bool, err error) {
	c.writer.Lock()
	defer c.writer.Unlock()
	batch, err := c.out.pop((*buffer)[:0], batchBytes)
	*buffer = batch
	if err != nil || len(batch) == 0 {
		if err == errClosed {
			err = nil
		}
		return false, err
	}
	c.allowWrite()
	_, err = c.net.Write(batch)
	return err == nil, err
}

// allowWrite gives the next write its time.
func (c *conn) allowWrite() {
	c.deadline.Lock()
	defer c.deadline.Unlock()
	if !c.closing {
		_ = c.net.SetWriteDeadline(time.Now().Add(c.hub.cfg.Limits.Write)) // fails if closed
	}
}

// ping asks whether the client is there, and if it has not answered the last
// time ends the connection. The answer comes after all that is on the way to the
// client, so it also tells whether that arrives.
func (c *conn) ping() {
	if c.unanswered.Swap(true) {
		c.finish(closeError{CloseSlow, "no answer to a ping; resume after the last event seen"})
		return
	}
	c.push(pingFrame, "")
	c.pings.Reset(c.hub.cfg.Limits.Write)
}

var pingFrame = wireFrame(opPing, nil)

// ponged notes the answer. The reader calls it.
func (c *conn) ponged(context.Context, []byte) {
	if c.unanswered.Swap(false) {
		c.pings.Reset(c.hub.cfg.Limits.Ping)
	}
}
