package realtime_test

import (
	"fmt"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

// Whoever comes back, to whichever replica, gets exactly what was missed.
func TestResume(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	one, two, ana := s.serve(t, nil), s.serve(t, nil), uuid.New()
	c, _, _ := one.join(t, ana, "")
	for n := range 5 {
		s.publish(t, ana, "song", n)
	}
	var seen []int64
	for range 3 { // and not the rest
		seen = append(seen, c.read(t).Seq)
	}
	require.NoError(t, c.CloseNow())
	for n := range 5 {
		s.publish(t, ana, "song", n)
	}
	c, replayed, welcome := two.join(t, ana, fmt.Sprintf("&after=%d", seen[2]))
	require.Equal(t, upTo(4, 10), seqsOf(replayed))
	require.EqualValues(t, 10, welcome.get(t, "seq"))
	require.Equal(t, true, welcome.get(t, "recovered"))
	s.publish(t, ana, "song", "live")
	require.EqualValues(t, 11, c.read(t).Seq)
}

func TestResumeNonsense(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	s.publish(t, ana, "song", 0)
	for _, after := range []string{"", "-1", "x", "1.5", "99999999999999999999"} {
		_, replayed, welcome := r.join(t, ana, "&after="+after)
		require.Empty(t, replayed)
		require.Equal(t, true, welcome.get(t, "recovered"), after)
	}
	_, replayed, welcome := r.join(t, ana, "&after=9223372036854775807")
	require.Empty(t, replayed)
	require.Equal(t, false, welcome.get(t, "recovered"))
	require.EqualValues(t, 1, welcome.get(t, "seq"))
}

// Who was away for long is told to load the state, and is not drowned.
func TestResumeTooLate(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	const last = 100_000
	_, err := s.pool.Exec(t.Context(), "INSERT INTO events.log (topic, seq, type, data) SELECT $1, n, 'song', '0' FROM generate_series(1, $2) n", topicOf(ana), last)
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), "INSERT INTO events.topic VALUES ($1, $2)", topicOf(ana), last)
	require.NoError(t, err)
	_, replayed, welcome := r.join(t, ana, "&after=0")
	require.Empty(t, replayed)
	require.Equal(t, false, welcome.get(t, "recovered"))
	require.EqualValues(t, last, welcome.get(t, "seq"))
	c, replayed, welcome := r.join(t, ana, fmt.Sprintf("&after=%d", last-events.MaxReplay))
	require.Equal(t, upTo(last-events.MaxReplay+1, last), seqsOf(replayed))
	require.Equal(t, true, welcome.get(t, "recovered"))
	c.requireAlive(t)
}

// Subscribing anew replays, and what goes on meanwhile comes once.
func TestSubscribeAnew(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, limits(realtime.Limits{FrameRate: 1e6, FrameBurst: 1e6})), uuid.New()
	c, _, _ := r.join(t, ana, "")
	const count = 300
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := range count {
			s.publish(t, ana, "song", n)
		}
	}()
	last := int64(0)
	for last < count/2 {
		if last%10 == 0 {
			c.send(t, fmt.Sprintf(`{"type":"subscribe","topic":%q,"after":%d,"id":1}`, topicOf(ana), last))
			// What was under way comes first; the replay begins anew.
			asked := last
			for f := c.read(t); ; f = c.read(t) {
				if f.Type == "ack" {
					require.EqualValues(t, last, f.get(t, "seq"))
					require.Equal(t, true, f.get(t, "recovered"))
					break
				}
				if f.Seq != last+1 {
					require.Equal(t, asked+1, f.Seq)
				}
				last = f.Seq
			}
			continue
		}
		f := c.read(t)
		require.Equal(t, last+1, f.Seq)
		last = f.Seq
	}
	<-published
	for ; last < count; last++ {
		require.Equal(t, last+1, c.read(t).Seq)
	}
	require.Equal(t, "pong", c.ask(t, `{"type":"ping"}`).Type, "nothing else comes")
}

func TestSystemTopic(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, nil)
	c, _, _ := r.join(t, uuid.New(), "")
	require.NoError(t, s.publisher.Ephemeral("system", "", "system_notification", "unheard"))
	c.requireAlive(t)
	require.Equal(t, "ack", c.ask(t, `{"type":"subscribe","topic":"system","id":1}`).Type)
	require.NoError(t, s.publisher.Ephemeral("system", "", "system_notification", "heard"))
	f := c.read(t)
	for string(f.Data) == `"unheard"` { // it may come late
		f = c.read(t)
	}
	require.Equal(t, `"heard"`, string(f.Data))
	require.Equal(t, "system", f.Topic)
	require.Zero(t, f.Seq)
	require.Equal(t, "ack", c.ask(t, `{"type":"unsubscribe","topic":"system","id":1}`).Type)
	require.NoError(t, s.publisher.Ephemeral("system", "", "system_notification", "unheard"))
	c.requireAlive(t)
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
}

// Whoever learns of a gap among live events is told to load the state.
func TestGap(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	c, _, _ := r.join(t, ana, "")
	s.publish(t, ana, "song", 1)
	require.EqualValues(t, 1, c.read(t).Seq)
	_, err := s.pool.Exec(t.Context(), "UPDATE events.topic SET last_seq = 10")
	require.NoError(t, err)
	s.publish(t, ana, "song", 2)
	f := c.read(t)
	require.Equal(t, "gap", f.Type)
	require.Equal(t, topicOf(ana), f.Topic)
	require.Equal(t, false, f.get(t, "recovered"))
	require.EqualValues(t, 11, c.read(t).Seq)
}
