package realtime

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// write is the writer goroutine: it sends frames and pings, and closes the
// socket when finish asks for it. It returns when the socket is closed or ctx
// has ended.
func (c *conn) write(ctx context.Context) {
	var pings sync.WaitGroup
	defer pings.Wait()
	ticker := time.NewTicker(c.hub.cfg.Limits.Ping)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case err := <-c.end:
			c.close(err)
			return
		case <-ticker.C:
			pings.Go(func() { c.ping(ctx) })
		case <-c.out.wake:
			if c.writeNext(ctx) != nil {
				return
			}
		}
	}
}

// writeNext writes one frame. If it fails the socket is broken, which the
// reader notices too.
func (c *conn) writeNext(ctx context.Context) error {
	body, err := c.out.pop()
	if err != nil {
		c.finish(closeError{CloseSlow, "too slow; resume after the last event seen"})
		return nil
	}
	if body == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, c.hub.cfg.Limits.Write)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, body)
}

// ping waits for the client's answer, which comes after all that is on the way
// to it.
func (c *conn) ping(ctx context.Context) {
	pingCtx, cancel := context.WithTimeout(ctx, c.hub.cfg.Limits.Write)
	defer cancel()
	if c.ws.Ping(pingCtx) != nil && ctx.Err() == nil {
		c.finish(closeError{CloseSlow, "no answer to a ping; resume after the last event seen"})
	}
}
