package realtime_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

// The length of a frame is given in the fewest bytes, as RFC 6455 wants it.
func TestWireFrame(t *testing.T) {
	t.Parallel()
	for n, head := range map[int][]byte{
		0: {0x81, 0}, 125: {0x81, 125}, 126: {0x81, 126, 0, 126}, 65535: {0x81, 126, 0xff, 0xff},
		65536: {0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0}, 256 << 10: {0x81, 127, 0, 0, 0, 0, 0, 4, 0, 0},
	} {
		payload := bytes.Repeat([]byte("x"), n)
		require.Equal(t, append(head, payload...), realtime.WireFrame(payload))
	}
}

// Frames of the lengths where the form of a frame changes arrive as they were
// sent.
func TestFrameLengths(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	lengths := []int{125, 126, 127, 4096, 32 << 10, 65535, 65536, 65537, 256 << 10}
	empty := len(fmt.Sprintf(`{"type":"x","topic":%q,"data":""}`, topicOf(ana)))
	next := 0
	r := s.serve(t, withSnapshots(func(context.Context, uuid.UUID, uuid.UUID) (string, any, error) {
		n := lengths[next%len(lengths)] - empty
		next++
		return "x", strings.Repeat("y", n), nil
	}))
	c, _, _ := r.join(t, ana, "")
	raw := r.openRude(t, "?ticket="+s.people.ticket(ana))
	raw.next(t) // the welcome
	for _, n := range lengths {
		c.send(t, fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, uuid.New()))
		_, body, err := c.Read(c.ctx)
		require.NoError(t, err)
		require.Len(t, body, n)
		require.Equal(t, n-empty, bytes.Count(body, []byte("y"))-strings.Count(topicOf(ana)+"type", "y"))
	}
	for _, n := range lengths {
		text := fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, uuid.New())
		raw.header(t, 1, uint64(len(text)))
		_, err := io.WriteString(raw, text)
		require.NoError(t, err)
		opcode, body := raw.next(t)
		require.EqualValues(t, 1, opcode)
		require.Len(t, body, n)
		require.True(t, json.Valid(body))
	}
}

// The longest event reaches the other replica's clients whole.
func TestLongestEvent(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	text := strings.Repeat("ñ", (256<<10-2)/2)
	var all []client
	for _, r := range st.replicas() {
		c, _, _ := r.join(t, st.ana, "")
		all = append(all, c)
	}
	st.publish(t, st.ana, "song", text)
	for _, c := range all {
		f := c.read(t)
		require.EqualValues(t, 1, f.Seq)
		require.Equal(t, `"`+text+`"`, string(f.Data))
	}
}

// What a slow reader is sent comes in order and intact, however it was put
// together for the wire.
func TestManyEventsToASlowReader(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	roomy := limits(realtime.Limits{QueueBytes: 64 << 20, Write: time.Minute})
	slow := s.serve(t, roomy).openRude(t, "?ticket="+s.people.ticket(ana))
	require.NoError(t, slow.SetDeadline(time.Time{})) // a slow machine may take its time
	slow.next(t)                                      // the welcome
	quick, _, _ := s.serve(t, roomy).join(t, ana, "")
	quick.ctx = t.Context()
	const count = 10_000
	sent := make([]events.Event, count)
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) error {
		batch := new(pgx.Batch)
		for n := range sent {
			size := n * 37 % 200
			if n%500 == 250 {
				size = 70_000 // more than a batch of the writer's
			}
			data := json.RawMessage(`"` + strings.Repeat(string(rune('a'+n%26)), size) + `"`)
			sent[n] = events.Event{Topic: topicOf(ana), Seq: int64(n + 1), Type: "song", Data: data, At: time.Now()}
			batch.Queue("INSERT INTO events.log (topic, seq, type, data) VALUES ($1, $2, 'song', $3)", topicOf(ana), n+1, data)
		}
		batch.Queue("INSERT INTO events.topic VALUES ($1, $2)", topicOf(ana), count)
		return tx.SendBatch(t.Context(), batch).Close()
	})
	require.NoError(t, err)
	s.publisher.Publish(sent...)
	for n := range sent {
		if n%1000 == 0 {
			time.Sleep(20 * time.Millisecond) // this is what is slow
		}
		opcode, body := slow.next(t)
		require.EqualValues(t, 1, opcode)
		for _, f := range []frame{decode(t, body), quick.read(t)} {
			require.EqualValues(t, n+1, f.Seq)
			require.Equal(t, string(sent[n].Data), string(f.Data))
		}
	}
}

// Nothing follows a close frame, whatever goes on.
func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	r := s.serve(t, nil)
	var raws []rude
	for range 30 {
		raws = append(raws, r.openRude(t, "?ticket="+s.people.ticket(ana)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	flood := make(chan struct{})
	go func() {
		defer close(flood)
		for n := 0; ctx.Err() == nil; n++ {
			_ = s.publisher.Ephemeral(topicOf(ana), fmt.Sprint(n), "tick", strings.Repeat("x", n%3000)) // cannot fail
			time.Sleep(50 * time.Microsecond)
		}
	}()
	defer func() { cancel(); <-flood }()
	stopped := make(chan struct{})
	for i, raw := range raws {
		opcode, payload := raw.next(t)
		require.EqualValues(t, 1, opcode)
		require.Equal(t, "authenticated", decode(t, payload).Type)
		switch i % 3 {
		case 0:
			raw.header(t, 2, 0) // which is refused
		case 1:
			raw.header(t, 8, 2)
			_, err := raw.Write([]byte{3, 232})
			require.NoError(t, err)
		}
	}
	go func() { r.hub.Stop(); close(stopped) }()
	for _, raw := range raws {
		for {
			opcode, payload := raw.next(t)
			if opcode == 8 {
				require.Contains(t, []uint16{1000, 1003, 1012}, binary.BigEndian.Uint16(payload))
				break
			}
			require.Equal(t, "tick", decode(t, payload).Type)
		}
		raw.header(t, 8, 0)
		rest, _ := io.ReadAll(raw.in) // the end may be a reset
		require.Empty(t, rest)
	}
	<-stopped
}

// A write that takes too long ends the connection, and counts as slow.
func TestWriteDeadline(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	r := s.serve(t, limits(realtime.Limits{Write: 200 * time.Millisecond, Close: 200 * time.Millisecond, QueueBytes: 64 << 20}))
	deaf := r.openRude(t, "?ticket="+s.people.ticket(ana))
	deaf.next(t) // the welcome
	good, _, _ := s.serve(t, nil).join(t, ana, "")
	for n := range 15 {
		s.publish(t, ana, "song", strings.Repeat("x", 200_000))
		require.EqualValues(t, n+1, good.read(t).Seq)
	}
	require.Eventually(t, func() bool { return r.hub.Sockets() == 0 }, patient, pollEach)
	require.EqualValues(t, 1, r.hub.Stats().Slow)
}

// A connection that is busy is asked too, and lives on if it answers.
func TestPingsOnABusyConnection(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	r := s.serve(t, limits(realtime.Limits{Ping: time.Millisecond}))
	c, _, _ := r.join(t, ana, "")
	raw := r.openRude(t, "?ticket="+s.people.ticket(ana))
	const count = 1000
	go func() {
		for n := range count {
			s.publisher.Publish(events.Event{Topic: topicOf(ana), Type: "tick", Data: json.RawMessage(fmt.Sprint(n)), At: time.Now()})
		}
	}()
	pings, ticks := 0, 0
	for ticks < count || pings < 3 {
		switch opcode, payload := raw.next(t); opcode {
		case 9:
			pings++
			raw.header(t, 10, uint64(len(payload)))
		case 1:
			if decode(t, payload).Type == "tick" {
				ticks++
			}
		}
	}
	for range count {
		c.await(t, "tick")
	}
	c.requireAlive(t)
	require.Equal(t, 2, r.hub.Sockets())
}
