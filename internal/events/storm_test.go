package events_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/postgres/pgtest"
)

const (
	stormEvents = 1000
	stormTopics = 5
)

// Two replicas follow what a third process publishes, while their listeners
// are terminated again and again, a connection becomes half-open, Postgres is
// killed, and the publisher now and then dies before it tells anybody. Every
// subscriber, the late ones too, gets each event once and in order.
func TestStorm(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	way, through := newProxy(t, server.DSN())
	st := &storm{
		source:   newSource(t, server.DSN()),
		replicas: []replica{newReplica(t, server.DSN(), replicaOptions{sweep: time.Second}), newReplica(t, server.DSN(), replicaOptions{sweep: time.Second, listenDSN: through})},
	}
	for topic := range stormTopics {
		st.join(t, topic, 0)
	}
	for i := range stormEvents {
		switch {
		case i == 300:
			require.Positive(t, way.freeze())
		case i == 500:
			require.NoError(t, syscall.Kill(server.PID(), syscall.SIGKILL))
		case i%90 == 60:
			st.terminateListeners(t)
		case i%70 == 50:
			topic := i % stormTopics
			st.join(t, topic, st.last[topic]*int64(i%3)/2)
		}
		st.publish(t, i)
	}
	st.requireAll(t)
}

type storm struct {
	source   source
	replicas []replica
	joining  sync.WaitGroup
	last     [stormTopics]int64 // numbers known to be committed

	mu      sync.Mutex
	members []*stormMember
}

type stormMember struct {
	*follower
	topic string
	after int64
}

func topicName(n int) string { return fmt.Sprintf("topic %d", n) }

// join makes one subscriber on each replica, beside what goes on. While
// Postgres is away they try until they are in.
func (st *storm) join(t *testing.T, topic int, after int64) {
	for _, r := range st.replicas {
		st.joining.Go(func() {
			for t.Context().Err() == nil {
				f, err := tryFollow(t.Context(), r.Feed, topicName(topic), after)
				if err != nil {
					continue
				}
				t.Cleanup(f.Close)
				st.mu.Lock()
				st.members = append(st.members, &stormMember{f, topicName(topic), after})
				st.mu.Unlock()
				return
			}
		})
	}
}

// publish logs event i, however often it takes, and tells of it, mostly.
func (st *storm) publish(t *testing.T, i int) {
	topic := i % stormTopics
	data := map[string]any{"id": i}
	if i%10 == 7 {
		data["long"] = strings.Repeat("x", 10_000)
	}
	deadline := time.Now().Add(patient)
	for {
		e, err := st.source.log(t.Context(), topicName(topic), data)
		if err == nil {
			st.last[topic] = e.Seq
			if i%10 != 3 {
				st.source.Publish(e)
			}
			break
		}
		require.True(t, time.Now().Before(deadline), "%v", err)
	}
	require.NoError(t, st.source.Ephemeral(topicName(topic), "k", "tick", i))
}

// terminateListeners breaks the listening connections of this test's database.
// It may fail over a connection that died with Postgres; the next round will
// not.
func (st *storm) terminateListeners(t *testing.T) {
	_, _ = st.source.pool.Exec(t.Context(),
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'son1k listen'")
}

// requireAll compares what everybody got with the log.
func (st *storm) requireAll(t *testing.T) {
	st.joining.Wait()
	truth := make(map[string][]string)
	for topic := range stormTopics {
		truth[topicName(topic)] = readLog(t, st.source.pool, topicName(topic))
	}
	total := 0
	for _, m := range st.members {
		want := truth[m.topic][m.after:]
		require.True(t, m.pos.Recovered)
		require.Eventually(t, func() bool { return len(m.seqs()) >= len(want) }, patient, pollEach)
		require.Empty(t, cmp.Diff(want, m.identities()))
		require.Empty(t, m.gaps())
		total += len(want)
	}
	require.GreaterOrEqual(t, total, 2*stormEvents)
	require.Positive(t, st.replicas[0].listener.Reconnects())
	require.Positive(t, st.replicas[1].listener.Reconnects())
}

func (f *follower) identities() (ids []string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.durable {
		ids = append(ids, identity(e.Seq, e.Data))
	}
	return ids
}

func identity(seq int64, data json.RawMessage) string {
	var body struct{ ID int }
	_ = json.Unmarshal(data, &body) // then the id is not the one of the log
	return fmt.Sprintf("%d: event %d of %d bytes", seq, body.ID, len(data))
}

// readLog returns the identities of a topic's events; their numbers are 1, 2, …
func readLog(t *testing.T, pool *pgxpool.Pool, topic string) (ids []string) {
	t.Helper()
	rows, err := pool.Query(context.WithoutCancel(t.Context()), "SELECT seq, data FROM events.log WHERE topic = $1 ORDER BY seq", topic)
	require.NoError(t, err)
	var seq int64
	var data json.RawMessage
	_, err = pgx.ForEachRow(rows, []any{&seq, &data}, func() error {
		ids = append(ids, identity(seq, data))
		if seq != int64(len(ids)) {
			return fmt.Errorf("number %d in place %d", seq, len(ids))
		}
		return nil
	})
	require.NoError(t, err)
	return ids
}

// Without any sweep: what was published while a listener was cut off comes as
// soon as it is back.
func TestListenerComesBack(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	st := &storm{source: s}
	f := follow(t, r.Feed, "a", events.Live)
	const rounds, each = 5, 20
	for round := range int64(rounds) {
		for n := range each {
			s.publish(t, "a", n)
			if n == each/2 {
				st.terminateListeners(t)
			}
		}
		require.Eventually(t, func() bool { return r.listener.Reconnects() == round+1 && r.listener.Connected() }, patient, pollEach)
	}
	f.requireSeqs(t, upTo(1, rounds*each)...)
}

// Without any sweep: a connection that is open and carries nothing is found
// out.
func TestHalfOpenListener(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	way, through := newProxy(t, dsn)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never, listenDSN: through})
	f := follow(t, r.Feed, "a", events.Live)
	s.publish(t, "a", "before")
	f.requireSeqs(t, 1)
	require.Equal(t, 1, way.freeze())
	for n := range 50 {
		s.publish(t, "a", n)
	}
	f.requireSeqs(t, upTo(1, 51)...)
	s.publish(t, "a", "after")
	f.requireSeqs(t, upTo(1, 52)...)
}
