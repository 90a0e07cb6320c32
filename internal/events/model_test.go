package events_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/events"
	"son1k/internal/postgres/pgtest"
)

// Whatever becomes of the messages — lost, late, doubled, in another order, in
// the middle of subscribing — and whenever they come and go: subscribers get
// each event after the one that they asked for, once and in order, and after a
// sweep they have all.
func TestModelOfFeed(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s := newSource(t, dsn)
	pool := interruptible(t, dsn)
	var runs atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &model{
			feed:   events.NewFeed(pool, quiet()),
			source: s,
			topic:  fmt.Sprintf("run %d", runs.Add(1)),
		}
		defer m.closeAll()
		rt.Repeat(map[string]func(*rapid.T){
			"append":    m.append,
			"message":   m.message,
			"tick":      m.tick,
			"read":      func(rt *rapid.T) { m.catchUp(rt, false) },
			"sweep":     func(rt *rapid.T) { m.catchUp(rt, true); m.requireAll(rt) },
			"subscribe": m.subscribe,
			"begin":     m.begin,
			"close":     m.close,
			"":          m.check,
		})
		m.beginAll()
		m.catchUp(rt, true)
		m.requireAll(rt)
	})
}

type model struct {
	feed   *events.Feed
	source source
	topic  string

	logged   []events.Event
	ticks    int
	messages []string // under way; a message stays, and so can come twice
	subs     []*modelSub
}

// interruption is the key of what happens before and after each query of a
// context.
type interruption struct{}

type interrupter struct{}

func (interrupter) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	interrupt(ctx)
	return ctx
}

func (interrupter) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	interrupt(ctx)
}

func interrupt(ctx context.Context) {
	if f, ok := ctx.Value(interruption{}).(func()); ok {
		f()
	}
}

func interruptible(t *testing.T, dsn string) *pgxpool.Pool {
	t.Helper()
	conf, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	conf.ConnConfig.Tracer = interrupter{}
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

type modelSub struct {
	*follower
	after int64
	begun bool
}

func (m *model) append(rt *rapid.T) {
	e, err := m.source.log(rt.Context(), m.topic, len(m.logged))
	if err != nil || e.Seq != int64(len(m.logged)+1) {
		rt.Fatalf("append: %+v, %v", e, err)
	}
	m.logged = append(m.logged, e)
	if rapid.Bool().Draw(rt, "too long") {
		e.Data = []byte(`"` + strings.Repeat("x", 8000) + `"`)
	}
	m.messages = append(m.messages, events.Message(e))
}

func (m *model) message(rt *rapid.T) {
	if len(m.messages) == 0 {
		rt.Skip()
	}
	m.feed.Receive(rapid.SampledFrom(m.messages).Draw(rt, "message"))
}

func (m *model) tick(*rapid.T) {
	m.ticks++
	m.feed.Receive(events.Message(events.Event{Topic: m.topic, Type: "tick", Data: []byte("0")}))
}

func (m *model) catchUp(rt *rapid.T, sweep bool) {
	if err := m.feed.CatchUp(rt.Context(), sweep); err != nil {
		rt.Fatal(err)
	}
}

func (m *model) subscribe(rt *rapid.T) {
	s := &modelSub{follower: new(follower), after: rapid.Int64Range(events.Live, int64(len(m.logged))).Draw(rt, "after")}
	left := rapid.IntRange(0, 6).Draw(rt, "interruptions")
	told := false
	ctx := context.WithValue(rt.Context(), interruption{}, func() {
		if left--; left < 0 || !rapid.Bool().Draw(rt, "now") {
			return
		}
		m.append(rt)
		if told = rapid.Bool().Draw(rt, "told"); told {
			m.feed.Receive(m.messages[len(m.messages)-1])
			m.catchUp(rt, false)
		}
		m.check(rt)
	})
	var err error
	s.Subscription, s.pos, err = m.feed.Subscribe(ctx, m.topic, s.after, s.receive)
	if err != nil || !s.pos.Recovered || s.pos.Seq < s.after || s.pos.Seq > int64(len(m.logged)) {
		rt.Fatalf("subscribe after %d: %+v, %v", s.after, s.pos, err)
	}
	if s.after == events.Live {
		s.after = s.pos.Seq
	}
	m.subs = append(m.subs, s)
	if told { // of the newest event, so that nobody needs a sweep
		m.beginAll()
		m.catchUp(rt, false)
		m.requireAll(rt)
	}
}

func (m *model) begin(rt *rapid.T) {
	for _, s := range m.subs {
		if !s.begun {
			s.begun = true
			s.Begin(func() { m.checkOne(rt, s, s.pos.Seq) })
			return
		}
	}
	rt.Skip()
}

func (m *model) beginAll() {
	for _, s := range m.subs {
		if !s.begun {
			s.begun = true
			s.Begin(func() {})
		}
	}
}

func (m *model) close(rt *rapid.T) {
	if len(m.subs) == 0 {
		rt.Skip()
	}
	i := rapid.IntRange(0, len(m.subs)-1).Draw(rt, "who")
	m.subs[i].Close()
	m.subs = append(m.subs[:i], m.subs[i+1:]...)
}

func (m *model) closeAll() {
	for _, s := range m.subs {
		s.Close()
	}
}

// check: nobody has anything but the events after the one asked for, in order.
func (m *model) check(rt *rapid.T) {
	for _, s := range m.subs {
		m.checkOne(rt, s, int64(len(s.seqs()))+s.after)
	}
}

func (m *model) requireAll(rt *rapid.T) {
	for _, s := range m.subs {
		if s.begun {
			m.checkOne(rt, s, int64(len(m.logged)))
		}
	}
}

func (m *model) checkOne(rt *rapid.T, s *modelSub, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.after+int64(len(s.durable)) != last || !s.begun && len(s.durable)+len(s.ephemeral) > 0 || len(s.ephemeral) > m.ticks {
		rt.Fatalf("after %d up to %d: %d events, %d ticks", s.after, last, len(s.durable), len(s.ephemeral))
	}
	for i, e := range s.durable {
		if e.Seq != s.after+1+int64(i) || e.Gap {
			rt.Fatalf("after %d: event %d is %+v", s.after, i, e)
		}
	}
}
