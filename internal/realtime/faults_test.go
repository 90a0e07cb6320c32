package realtime_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

// terminate breaks the connections to this test's database that have a name
// like this.
func (s *system) terminate(ctx context.Context, like string) {
	_, _ = s.pool.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name LIKE $1`, like) // it may be its own turn
}

const (
	listeners = "son1k listen"
	everyone  = "%"
)

// Two transactions that append to one topic get their numbers in the order of
// their commits: the second waits for the first. Which of the two messages comes
// first, and whether any does, makes no difference.
func TestChaosCommitOrder(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	var all []client
	for _, r := range st.replicas() {
		c, _ := st.enter(t, r, st.ana)
		all = append(all, c)
	}
	for round := range int64(5) {
		first, err := st.pool.Begin(t.Context())
		require.NoError(t, err)
		e1, err := st.publisher.AppendTx(t.Context(), first, roomTopic(st.room), "said", "first")
		require.NoError(t, err)
		second := make(chan events.Event)
		go func() {
			var e2 events.Event
			_ = pgx.BeginFunc(t.Context(), st.pool, func(tx pgx.Tx) (err error) { // else it has no number
				e2, err = st.publisher.AppendTx(t.Context(), tx, roomTopic(st.room), "said", "second")
				return err
			})
			second <- e2
		}()
		require.Eventually(t, func() bool {
			var waiting bool
			err := st.pool.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
			return err == nil && waiting
		}, patient, pollEach)
		st.terminate(t.Context(), listeners)
		require.NoError(t, first.Commit(t.Context()))
		e2 := <-second
		require.Equal(t, e1.Seq+1, e2.Seq)
		st.publisher.Publish(e2)
		if round%2 == 0 { // else its process has died
			st.publisher.Publish(e1)
		}
		for _, c := range all {
			for i, text := range []string{`"first"`, `"second"`} {
				f := c.await(t, "said")
				require.EqualValues(t, 2*round+1+int64(i), f.Seq)
				require.Equal(t, text, string(f.Data))
			}
		}
	}
}

// The listeners are terminated ten times a second while a thousand things are
// said in several rooms. Everybody who stays connected gets each once and in
// order.
func TestChaosListeners(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	var rooms []uuid.UUID
	var all []client
	for range 4 {
		rooms = append(rooms, st.rooms.open(st.ana))
	}
	for _, r := range st.replicas() {
		c, _, _ := r.join(t, st.ana, "")
		for _, room := range rooms {
			c.enter(t, room)
		}
		all = append(all, c)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var breaking sync.WaitGroup
	breaking.Go(func() {
		for tick := time.NewTicker(100 * time.Millisecond); ctx.Err() == nil; <-tick.C {
			st.terminate(ctx, listeners)
		}
	})
	const count = 1000
	for n := range count {
		st.commitTo(t, roomTopic(rooms[n%len(rooms)]), "said", n)
	}
	cancel()
	breaking.Wait()
	for _, c := range all {
		got := make(map[string][]string)
		for range count {
			f := c.await(t, "said")
			got[f.Topic] = append(got[f.Topic], fmt.Sprintf("%d %s", f.Seq, f.Data))
		}
		for i, room := range rooms {
			var want []string
			for n := range count / len(rooms) {
				want = append(want, fmt.Sprintf("%d %d", n+1, n*len(rooms)+i))
			}
			require.Equal(t, want, got[roomTopic(room)])
		}
		require.NoError(t, st.publisher.Ephemeral(topicOf(st.ana), "end", "end", nil))
		require.NotContains(t, typesOf(c.until(t, "end")), "said")
	}
	for _, r := range st.replicas() {
		require.Positive(t, r.listener.Reconnects())
	}
}

// A client whose network has died without a word resumes on the other replica;
// the dead connection is given up and does not count as present any more.
func TestChaosHalfOpenClient(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{Ping: time.Second, Write: 2 * time.Second, Close: 100 * time.Millisecond}))
	p := newProxy(t, "tcp", st.one.server.Listener.Addr().String())
	way := *st.one
	way.server = &httptest.Server{URL: "http://" + p.listener.Addr().String()}
	ben, _ := st.enter(t, &way, st.ben) // which answers pings while it reads
	for n := range 3 {
		st.commitTo(t, roomTopic(st.room), "said", n)
		require.EqualValues(t, n+1, ben.await(t, "said").Seq)
	}
	p.freeze()
	for n := range 3 {
		st.commitTo(t, roomTopic(st.room), "said", n+3)
	}
	again, _, _ := st.two.join(t, st.ben, "")
	again.send(t, about("join_room", st.room, `,"after":3`))
	require.Equal(t, upTo(4, 6), seqsOf(again.until(t, "room_joined")))
	again.CloseRead(again.ctx) // answers pings
	require.Eventually(t, func() bool { return st.one.hub.Sockets() == 0 }, patient, pollEach)
	require.EqualValues(t, 1, st.one.hub.Stats().Slow)
	require.NoError(t, again.CloseNow())
	st.requirePresent(t, st.room)
}
