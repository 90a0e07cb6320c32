package events_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/postgres/pgtest"
)

func TestLiveBeginsNow(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	s.publish(t, "a", 1)
	f := follow(t, r.Feed, "a", events.Live)
	require.Equal(t, events.Position{Seq: 1, Recovered: true}, f.pos)
	s.publish(t, "a", 2)
	s.publish(t, "b", 1)
	s.publish(t, "a", 3)
	f.requireSeqs(t, 2, 3)
}

// What has no row reaches who is there, in order, and nobody later.
func TestEphemeral(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	f := follow(t, r.Feed, "a", events.Live)
	require.NoError(t, s.Ephemeral("a", "song", "tick", 1))
	require.NoError(t, s.Ephemeral("b", "song", "tick", 1))
	require.Eventually(t, func() bool { return f.ticks() == 1 }, patient, pollEach)
	require.Equal(t, "song", f.ephemeral[0].Key)
	require.Equal(t, "1", string(f.ephemeral[0].Data))
	late := follow(t, r.Feed, "a", 0)
	require.NoError(t, s.Ephemeral("a", "song", "tick", 2))
	require.Eventually(t, func() bool { return f.ticks() == 2 && late.ticks() == 1 }, patient, pollEach)
	require.Zero(t, f.ephemeral[1].Seq)
}

// Nobody else encodes what one subscriber has encoded.
func TestEncodedOnce(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	a, b := follow(t, r.Feed, "a", events.Live), follow(t, r.Feed, "a", events.Live)
	s.publish(t, "a", 1)
	a.requireSeqs(t, 1)
	b.requireSeqs(t, 1)
	calls := 0
	form := events.NewForm(func(events.Event) []byte { calls++; return []byte("x") })
	require.Equal(t, "x", string(form.Of(a.durable[0])))
	require.Equal(t, "x", string(form.Of(b.durable[0])))
	require.Equal(t, "x", string(form.Of(events.Event{})), "one that was not delivered has nothing to share")
	require.Equal(t, 2, calls)
}

// A publisher that died after its commit told nobody.
func TestSweepFindsWhatNobodyTold(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: pollEach})
	f := follow(t, r.Feed, "a", events.Live)
	for n := range 3 {
		_, err := s.log(t.Context(), "a", n)
		require.NoError(t, err)
	}
	f.requireSeqs(t, 1, 2, 3)
}

// A message that is not the next number sends the feed to the log.
func TestLaterMessageBringsEarlierEvents(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	f := follow(t, r.Feed, "a", events.Live)
	for range 2 {
		_, err := s.log(t.Context(), "a", "untold")
		require.NoError(t, err)
	}
	s.publish(t, "a", strings.Repeat("long ", 2000)) // the message has no data
	s.publish(t, "a", "short")
	f.requireSeqs(t, 1, 2, 3, 4)
	require.Empty(t, f.gaps())
	require.Len(t, f.durable[2].Data, 10002)
}

func TestTooFarBehindIsNotReplayed(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	const last = 2*events.MaxReplay + 1
	exec(t, s.pool, "INSERT INTO events.log (topic, seq, type, data) SELECT 'a', n, 'x', '0' FROM generate_series(1, $1) n", last)
	exec(t, s.pool, "INSERT INTO events.topic VALUES ('a', $1)", last)
	for _, after := range []int64{0, last - events.MaxReplay - 1, last + 1} {
		f := follow(t, r.Feed, "a", after)
		require.Equal(t, events.Position{Seq: last}, f.pos, "after %d", after)
		require.Empty(t, f.seqs())
	}
	f := follow(t, r.Feed, "a", last-events.MaxReplay)
	require.Equal(t, events.Position{Seq: last, Recovered: true}, f.pos)
	require.Equal(t, upTo(last-events.MaxReplay+1, last), f.seqs())
}

func TestTooManyBytesAreNotReplayed(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	for range 3 {
		s.publish(t, "a", strings.Repeat("x", events.MaxReplayBytes/2-100))
	}
	require.Equal(t, events.Position{Seq: 3}, follow(t, r.Feed, "a", 0).pos)
	f := follow(t, r.Feed, "a", 1)
	require.Equal(t, events.Position{Seq: 3, Recovered: true}, f.pos)
	require.Equal(t, upTo(2, 3), f.seqs())
}

// History that was dropped cannot be replayed, and who asks for it is told.
func TestDroppedHistory(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: pollEach})
	early := follow(t, r.Feed, "a", events.Live)
	for n := range 4 {
		s.publish(t, "a", n)
	}
	early.requireSeqs(t, 1, 2, 3, 4)
	exec(t, s.pool, "DELETE FROM events.log WHERE seq <= 2")
	require.Equal(t, events.Position{Seq: 4}, follow(t, r.Feed, "a", 1).pos)
	require.Equal(t, events.Position{Seq: 4, Recovered: true}, follow(t, r.Feed, "a", 2).pos)
	exec(t, s.pool, "DELETE FROM events.log")
	require.Equal(t, events.Position{Seq: 4}, follow(t, r.Feed, "a", 3).pos)
	require.Equal(t, events.Position{Seq: 4, Recovered: true}, follow(t, r.Feed, "a", 4).pos)
	// Those who follow learn of what they can no longer get with the next event.
	exec(t, s.pool, "UPDATE events.topic SET last_seq = 10")
	s.publish(t, "a", "after the gap")
	s.publish(t, "a", "and on")
	early.requireSeqs(t, 1, 2, 3, 4, 11, 12)
	require.Equal(t, []int64{11}, early.gaps())
}

// A failover that loses commits gives their numbers out again. Nobody must take
// the new events for the old ones.
func TestLogSetBack(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: pollEach})
	f := follow(t, r.Feed, "a", events.Live)
	for n := range 5 {
		s.publish(t, "a", n)
	}
	f.requireSeqs(t, 1, 2, 3, 4, 5)
	require.NoError(t, s.Ephemeral("a", "k", "tick", 0))
	require.Eventually(t, func() bool { return f.ticks() == 1 }, patient, pollEach, "no message is under way any more")
	exec(t, s.pool, "DELETE FROM events.log WHERE seq > 2")
	exec(t, s.pool, "UPDATE events.topic SET last_seq = 2")
	require.Equal(t, events.Position{Seq: 2}, follow(t, r.Feed, "a", 5).pos)
	s.publish(t, "a", "another 3")
	s.publish(t, "a", "another 4")
	f.requireSeqs(t, 1, 2, 3, 4, 5, 3, 4)
	require.Equal(t, []int64{3}, f.gaps())
}

// Nothing is handed over before Begin, and nothing gets lost by that.
func TestHeldUntilBegin(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	s.publish(t, "a", 1)
	s.publish(t, "a", 2)
	f, other := new(follower), follow(t, r.Feed, "a", events.Live)
	sub, pos, err := r.Subscribe(t.Context(), "a", 1, f.receive)
	require.NoError(t, err)
	defer sub.Close()
	s.publish(t, "a", 3)
	require.NoError(t, s.Ephemeral("a", "k", "tick", 0))
	require.Eventually(t, func() bool { return other.ticks() == 1 }, patient, pollEach)
	require.Empty(t, f.seqs())
	sub.Begin(func() {
		require.Equal(t, upTo(2, pos.Seq), f.seqs(), "what was missed comes before")
		require.Zero(t, f.ticks(), "what is live comes after")
	})
	f.requireSeqs(t, 2, 3)
	require.Equal(t, 1, f.ticks())
}

func TestNothingAfterClose(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	s, r := newSource(t, dsn), newReplica(t, dsn, replicaOptions{sweep: never})
	f, other := follow(t, r.Feed, "a", 0), follow(t, r.Feed, "a", 0)
	f.Close()
	f.Close()
	s.publish(t, "a", 1)
	other.requireSeqs(t, 1)
	require.Empty(t, f.seqs())
	other.Close()
	require.Zero(t, r.Topics(), "a topic that nobody follows is forgotten")
}

// A subscriber who gives up in the middle leaves nothing behind.
func TestSubscribeCancelled(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	r := newReplica(t, dsn, replicaOptions{sweep: never})
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	defer tx.Rollback(context.WithoutCancel(t.Context()))
	_, err = tx.Exec(t.Context(), "LOCK TABLE events.topic")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			_, err := tryFollow(ctx, r.Feed, "a", 0)
			require.ErrorIs(t, err, context.Canceled)
		})
	}
	require.Eventually(t, func() bool { return waiters(t, source{pool: r.pool}) == 3 }, patient, pollEach)
	cancel()
	wg.Wait()
	require.Zero(t, r.Topics())
}

func TestNonsenseIsIgnored(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	r := newReplica(t, dsn, replicaOptions{sweep: never})
	f := follow(t, r.Feed, "a", events.Live)
	for _, text := range []string{"", "{", "[]", "null", `{"topic":""}`, `{"topic":"a","seq":-1,"type":"x","data":0}`, `{"topic":"a","seq":"x"}`} {
		r.Receive(text)
	}
	require.Empty(t, f.seqs())
	require.Zero(t, f.ticks())
}
