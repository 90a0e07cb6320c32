package notify

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"son1k/internal/lifecycle"
)

// maxPending bounds the messages that wait for a flush. It is reached only
// while the database is away; then the newest messages are dropped, which
// receivers make up for.
const maxPending = 100_000

// Sender sends messages over a connection of its own. Send never blocks.
type Sender struct {
	*lifecycle.Runner

	dsn string
	log *slog.Logger

	mu      sync.Mutex
	pending []message
	latest  map[conflationKey]int // place in pending of the message with this key
	wake    chan struct{}

	stats senderStats
}

type message struct {
	channel string
	text    string
}

type conflationKey struct{ channel, key string }

type senderStats struct {
	messages, payloads, flushes, conflated, dropped atomic.Int64
}

// SenderStats counts since the start of the process.
type SenderStats struct {
	Messages, Payloads, Flushes, Conflated, Dropped int64
}

// NewSender returns a Sender that will connect to dsn.
func NewSender(dsn string, log *slog.Logger) *Sender {
	s := &Sender{
		dsn:    dsn,
		log:    log,
		latest: make(map[conflationKey]int),
		wake:   make(chan struct{}, 1),
	}
	s.Runner = lifecycle.NewRunner("notify sender", s.run)
	return s
}

// Send hands over a message for a channel. The text must be 1 to MaxMessage
// bytes of valid UTF-8 without a line feed or NUL; any other is dropped, and
// logged as the mistake that it is. With a key, a message that still waits under
// the same key is replaced: the latest wins.
func (s *Sender) Send(channel, key, text string) {
	s.stats.messages.Add(1)
	if !valid(channel, text) {
		s.stats.dropped.Add(1)
		s.log.Error("notify: message refused", "channel", channel, "bytes", len(text))
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	ck := conflationKey{channel, key}
	if i, ok := s.latest[ck]; ok && key != "" {
		s.pending[i].text = text
		s.stats.conflated.Add(1)
		return
	}
	if len(s.pending) >= maxPending {
		s.stats.dropped.Add(1)
		return
	}
	if key != "" {
		s.latest[ck] = len(s.pending)
	}
	s.pending = append(s.pending, message{channel, text})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// valid reports whether Postgres will take the message. One that it refuses
// would hold up all others for ever.
func valid(channel, text string) bool {
	return channel != "" && len(channel) <= maxChannel && text != "" && len(text) <= MaxMessage &&
		utf8.ValidString(text) && !strings.ContainsAny(text, "\n\x00")
}

// Stats returns the counters.
func (s *Sender) Stats() SenderStats {
	return SenderStats{
		Messages:  s.stats.messages.Load(),
		Payloads:  s.stats.payloads.Load(),
		Flushes:   s.stats.flushes.Load(),
		Conflated: s.stats.conflated.Load(),
		Dropped:   s.stats.dropped.Load(),
	}
}

func (s *Sender) take() []message {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.pending
	s.pending = nil
	clear(s.latest)
	return batch
}

// spacing is the least time from the beginning of a flush to that of the next, for
// each message that it carries, up to maxSpacing. It delays nothing unless messages
// come more often; then several share a flush, for whose transaction Postgres and
// all processes would otherwise do more than for the work that they tell of.
const (
	spacing    = time.Millisecond
	maxSpacing = 5 * time.Millisecond
)

// stopFlush is how long a stopping Sender may take to send what is left.
const stopFlush = 2 * time.Second

func (s *Sender) run(ctx context.Context, started func()) {
	started() // Send works at once; a connection is made for the first flush
	// Stopping interrupts no flush; it only limits how long that and the last
	// one may take.
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(stopFlush, cancel) })()
	var conn *pgx.Conn
	pace := time.NewTimer(0)
	defer pace.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-s.wake:
		}
		select {
		case <-ctx.Done():
		case <-pace.C:
			began, sent := time.Now(), 0
			conn, sent = s.flush(work, conn)
			pace.Reset(min(time.Duration(max(sent, 1))*spacing, maxSpacing) - time.Since(began))
		}
	}
	conn, _ = s.flush(work, conn)
	if conn != nil {
		_ = conn.Close(work) // nothing is left to lose
	}
}

// flush sends what is pending, connecting first if need be, and tries again
// until it has succeeded or ctx ends. It returns the connection to use next, and
// how many messages it sent.
func (s *Sender) flush(ctx context.Context, conn *pgx.Conn) (*pgx.Conn, int) {
	batch := s.take()
	if len(batch) == 0 {
		return conn, 0
	}
	channels, payloads := pack(batch)
	retry := newBackoff()
	for {
		var err error
		if conn == nil || conn.IsClosed() {
			conn, err = connect(ctx, s.dsn, "son1k notify")
		}
		if err == nil {
			err = notifyAll(ctx, conn, channels, payloads)
		}
		if err == nil {
			s.stats.flushes.Add(1)
			s.stats.payloads.Add(int64(len(payloads)))
			return conn, len(batch)
		}
		if conn != nil {
			_ = conn.Close(ctx) // broken anyway
			conn = nil
		}
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "notify: cannot send, trying again", "error", err)
		}
		if !retry.wait(ctx) {
			s.stats.dropped.Add(int64(len(batch)))
			return nil, 0
		}
	}
}

const flushTimeout = 5 * time.Second

func notifyAll(ctx context.Context, conn *pgx.Conn, channels, payloads []string) error {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	_, err := conn.Exec(ctx,
		"SELECT pg_notify(c, p) FROM unnest($1::text[], $2::text[]) AS t (c, p)", channels, payloads)
	return err
}

// pack joins messages of the same channel into payloads that fit, keeping the
// order within each channel.
func pack(batch []message) (channels, payloads []string) {
	open := make(map[string]*strings.Builder)
	var order []string
	emit := func(channel string, b *strings.Builder) {
		channels = append(channels, channel)
		payloads = append(payloads, b.String())
		b.Reset()
	}
	for _, m := range batch {
		b, ok := open[m.channel]
		if !ok {
			b = new(strings.Builder)
			open[m.channel] = b
			order = append(order, m.channel)
		}
		if b.Len() > 0 && b.Len()+1+len(m.text) > MaxMessage {
			emit(m.channel, b)
		}
		if b.Len() > 0 {
			b.WriteByte(separator)
		}
		b.WriteString(m.text)
	}
	for _, channel := range order {
		if b := open[channel]; b.Len() > 0 {
			emit(channel, b)
		}
	}
	return channels, payloads
}
