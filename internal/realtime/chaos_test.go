package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

// soak is how long everything breaks.
func soak() time.Duration {
	if os.Getenv("SON1K_CHAOS") == "full" {
		return 10 * time.Minute
	}
	return 10 * time.Second
}

// Events are made in rooms and for users while the listeners and all other
// connections to Postgres are terminated and one replica's become half-open, and
// while clients leave, lose their network, and come back to either replica.
// Each client gets each event once and in order.
func TestChaosSoak(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	way, through := s.throughProxy(t)
	lenient := limits(realtime.Limits{Ping: time.Second, Write: time.Second, Close: 100 * time.Millisecond})
	c := &chaos{system: s, replicas: []*replica{s.serve(t, lenient), through.serve(t, lenient)}}
	for range 3 {
		c.users = append(c.users, uuid.New())
	}
	for range 3 {
		c.rooms = append(c.rooms, s.rooms.open(c.users...))
	}
	var visitors []*visitor
	var running, visiting sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), soak())
	defer cancel()
	for n := range 2 * len(c.users) {
		v := &visitor{chaos: c, user: c.users[n%len(c.users)], got: make(map[string][]string)}
		visitors = append(visitors, v)
		visiting.Go(func() { v.visit(ctx) })
	}
	running.Go(func() { c.produce(ctx) })
	running.Go(func() { c.breakThings(ctx, way) })
	running.Wait()
	visiting.Wait()

	total := 0
	for _, v := range visitors {
		want := make(map[string][]string)
		for _, topic := range v.topics() {
			want[topic] = s.log(t, topic)
			total += len(want[topic])
		}
		ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
		for v.fault == "" && !v.has(want) && ctx.Err() == nil {
			if ws := v.stay(ctx, func() bool { return v.has(want) }); ws != nil {
				_ = ws.CloseNow() // has done its service
			}
		}
		cancel()
		require.Empty(t, v.fault)
		require.Equal(t, want, v.got)
		require.Greater(t, v.visits, 2)
	}
	t.Logf("%d deliveries", total)
	require.Greater(t, total, 100)
	for _, r := range c.replicas {
		require.Positive(t, r.listener.Reconnects())
	}
}

type chaos struct {
	*system
	replicas []*replica
	users    []uuid.UUID
	rooms    []uuid.UUID
}

// produce commits events, and mostly tells of them. Whether one whose commit
// failed has happened the log knows.
func (c *chaos) produce(ctx context.Context) {
	for ctx.Err() == nil {
		topic := roomTopic(c.rooms[rand.IntN(len(c.rooms))])
		if rand.IntN(3) == 0 {
			topic = topicOf(c.users[rand.IntN(len(c.users))])
		}
		e, err := c.append(ctx, topic)
		if err == nil && rand.IntN(10) > 0 {
			c.publisher.Publish(e)
		}
		time.Sleep(4 * time.Millisecond) // so that nobody falls behind by more than is replayed
	}
}

func (c *chaos) append(ctx context.Context, topic string) (e events.Event, err error) {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	data := map[string]any{"id": uuid.New()}
	if rand.IntN(50) == 0 {
		data["long"] = strings.Repeat("x", 9000) // too long for a notification
	}
	err = pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) (err error) {
		e, err = c.publisher.AppendTx(ctx, tx, topic, "happened", data)
		return err
	})
	return e, err
}

func (c *chaos) breakThings(ctx context.Context, way *proxy) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		switch {
		case n%50 == 10:
			way.freeze()
		case n%10 == 5:
			c.terminate(ctx, everyone)
		default:
			c.terminate(ctx, listeners)
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

// log is what happened in a topic.
func (s *system) log(t testing.TB, topic string) (all []string) {
	t.Helper()
	var rows pgx.Rows
	require.Eventually(t, func() (ok bool) { // connections may be broken still
		var err error
		rows, err = s.pool.Query(t.Context(), "SELECT seq, data FROM events.log WHERE topic = $1 ORDER BY seq", topic)
		return err == nil
	}, patient, pollEach)
	var seq int64
	var data json.RawMessage
	_, err := pgx.ForEachRow(rows, []any{&seq, &data}, func() error {
		all = append(all, identity(seq, data))
		return nil
	})
	require.NoError(t, err)
	return all
}

func identity(seq int64, data json.RawMessage) string {
	var body struct{ ID string }
	_ = json.Unmarshal(data, &body) // then the id is not the one of the log
	return fmt.Sprintf("%d: %s, %d bytes", seq, body.ID, len(data))
}

// visitor is a client that comes back whenever it wants to, or must, and asks
// for what it has missed.
type visitor struct {
	*chaos
	user   uuid.UUID
	got    map[string][]string // by topic
	visits int
	fault  string
}

func (v *visitor) topics() []string {
	topics := []string{topicOf(v.user)}
	for _, room := range v.rooms {
		topics = append(topics, roomTopic(room))
	}
	return topics
}

func (v *visitor) has(want map[string][]string) bool {
	for topic, all := range want {
		if len(v.got[topic]) < len(all) {
			return false
		}
	}
	return true
}

// visit comes and goes until ctx ends. Some connections it leaves open, and
// reads no more.
func (v *visitor) visit(ctx context.Context) {
	var left []*websocket.Conn
	for ctx.Err() == nil && v.fault == "" {
		until := time.Now().Add(time.Duration(rand.IntN(1500)) * time.Millisecond)
		visit, cancel := context.WithCancel(ctx)
		timer := time.AfterFunc(time.Until(until)+time.Second, cancel) // when nothing comes
		ws := v.stay(visit, func() bool { return time.Now().After(until) })
		timer.Stop()
		switch {
		case ws == nil:
		case rand.IntN(4) == 0 && len(left) < 20:
			left = append(left, ws)
		default:
			_ = ws.CloseNow() // may be closed already
		}
		cancel()
	}
	for _, ws := range left {
		_ = ws.CloseNow() // the server has done so
	}
}

// stay opens a connection to either replica, resumes, and takes what comes until
// it has enough or the connection ends. It returns the connection if that is
// still open.
func (v *visitor) stay(ctx context.Context, enough func() bool) *websocket.Conn {
	v.visits++
	ws, err := v.resume(ctx, v.replicas[rand.IntN(len(v.replicas))])
	for err == nil && !enough() && v.fault == "" {
		err = v.take(ctx, ws)
	}
	if err != nil && ws != nil {
		_ = ws.CloseNow() // broken anyway
		return nil
	}
	return ws
}

func (v *visitor) resume(ctx context.Context, r *replica) (*websocket.Conn, error) {
	url := fmt.Sprintf("%s/ws?ticket=%s&after=%d", r.server.URL, v.people.ticket(v.user), len(v.got[topicOf(v.user)]))
	ws, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{realtime.Subprotocol}})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(1 << 20)
	for _, room := range v.rooms {
		text := about("join_room", room, fmt.Sprintf(`,"after":%d`, len(v.got[roomTopic(room)])))
		if err := ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
			return ws, err
		}
	}
	return ws, nil
}

// take reads a frame. A refused request it takes for the end of the connection.
func (v *visitor) take(ctx context.Context, ws *websocket.Conn) error {
	_, body, err := ws.Read(ctx)
	if err != nil {
		return err
	}
	var f frame
	if err := json.Unmarshal(body, &f); err != nil {
		return err
	}
	switch {
	case f.Seq > 0 && f.Seq != int64(len(v.got[f.Topic]))+1:
		v.fault = fmt.Sprintf("after %d events of %s: %s", len(v.got[f.Topic]), f.Topic, body)
	case f.Seq > 0:
		v.got[f.Topic] = append(v.got[f.Topic], identity(f.Seq, f.Data))
	case f.Type == "error":
		return fmt.Errorf("refused: %s", f.Data)
	case f.Type == "gap", strings.Contains(string(f.Data), `"recovered":false`):
		v.fault = fmt.Sprintf("missed events of %s: %s", f.Topic, body)
	}
	return nil
}
