package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/lifecycle"
)

// Handler receives what comes over one channel. Both functions are called
// from the listener's only goroutine, so they must not block.
type Handler struct {
	// Message is called for each message.
	Message func(text string)
	// Connected is called whenever the listener has begun to listen, the first
	// time and after each interruption. Anything may have been missed before.
	Connected func()
}

// Listener is the one LISTEN connection of a process. While it runs it
// reconnects as often as it must.
type Listener struct {
	*lifecycle.Runner

	dsn      string
	log      *slog.Logger
	handlers map[string]Handler
	pingIdle time.Duration

	connected  atomic.Bool
	reconnects atomic.Int64
}

const (
	// pingIdle is the silence after which the listener asks whether the server
	// is still there, and pingTimeout how long it waits for the answer. So a
	// half-open connection is noticed within their sum.
	pingIdle    = 2 * time.Second
	pingTimeout = 3 * time.Second
)

// NewListener returns a Listener that will connect to dsn, which must not lead
// through a transaction pooler.
func NewListener(dsn string, log *slog.Logger) *Listener {
	l := &Listener{dsn: dsn, log: log, handlers: make(map[string]Handler), pingIdle: pingIdle}
	l.Runner = lifecycle.NewRunner("notify listener", l.run)
	return l
}

// Handle registers the handler of a channel. It must be called before Start,
// once per channel.
func (l *Listener) Handle(channel string, h Handler) {
	if _, ok := l.handlers[channel]; ok {
		panic("notify: channel handled twice: " + channel)
	}
	l.handlers[channel] = h
}

// Connected reports whether the listener listens now.
func (l *Listener) Connected() bool { return l.connected.Load() }

// Reconnects counts the interruptions since the start.
func (l *Listener) Reconnects() int64 { return l.reconnects.Load() }

func (l *Listener) run(ctx context.Context, started func()) {
	retry := newBackoff()
	for {
		err := l.session(ctx, func() {
			retry = newBackoff()
			started()
		})
		l.connected.Store(false)
		if ctx.Err() != nil {
			return
		}
		l.reconnects.Add(1)
		l.log.WarnContext(ctx, "notify: listener interrupted, reconnecting", "error", err)
		if !retry.wait(ctx) {
			return
		}
	}
}

// session connects, listens, and passes messages on until the connection
// breaks or ctx ends.
func (l *Listener) session(ctx context.Context, listening func()) error {
	conn, err := connect(ctx, l.dsn, "son1k listen")
	if err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	defer func() {
		closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(closeCtx) // already broken, or no longer wanted
	}()
	if err := l.listen(ctx, conn); err != nil {
		return err
	}
	l.connected.Store(true)
	listening()
	for _, h := range l.handlers {
		if h.Connected != nil {
			h.Connected()
		}
	}
	for {
		if err := l.receive(ctx, conn); err != nil {
			return err
		}
	}
}

func (l *Listener) listen(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	for channel := range l.handlers {
		if _, err := conn.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	return nil
}

// receive passes on one payload, or pings after a silence.
func (l *Listener) receive(ctx context.Context, conn *pgx.Conn) error {
	waitCtx, cancel := context.WithTimeout(ctx, l.pingIdle)
	n, err := conn.WaitForNotification(waitCtx)
	cancel()
	var netErr net.Error
	switch {
	case err == nil:
		l.dispatch(n.Channel, n.Payload)
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &netErr) && netErr.Timeout():
		pingCtx, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		if err := conn.Ping(pingCtx); err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		return nil
	default:
		return fmt.Errorf("receive: %w", err)
	}
}

func (l *Listener) dispatch(channel, payload string) {
	h, ok := l.handlers[channel]
	if !ok || h.Message == nil {
		return
	}
	for text := range strings.SplitSeq(payload, string(separator)) {
		h.Message(text)
	}
}
