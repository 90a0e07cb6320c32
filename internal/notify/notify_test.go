package notify

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestMessagesArriveOnTheirChannelInOrder(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e, s := startEar(t, dsn), startSender(t, dsn)
	const n = 5000
	var all sync.WaitGroup
	for _, channel := range []string{"a", "b", "nobody's"} {
		all.Go(func() {
			for i := range n {
				s.Send(channel, "", fmt.Sprint(channel, i))
			}
		})
	}
	all.Wait()
	for i := range n {
		require.Equal(t, fmt.Sprint("a", i), receive(t, e.a))
		require.Equal(t, fmt.Sprint("b", i), receive(t, e.b))
	}
	s.Stop()
	stats := s.Stats()
	require.EqualValues(t, 3*n, stats.Messages)
	require.Zero(t, stats.Dropped)
	require.Less(t, stats.Payloads, stats.Messages/10, "they share payloads")
	require.LessOrEqual(t, stats.Flushes, stats.Payloads)
}

func TestFewPayloadsCarryManyMessages(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e, s := startEar(t, dsn), NewSender(dsn, quiet)
	const n = 10_000
	bytes := 0
	for i := range n {
		text := fmt.Sprintf("mensaje número %d", i)
		bytes += len(text) + 1
		s.Send("a", "", text)
	}
	start(t, s)
	for i := range n {
		require.Equal(t, fmt.Sprintf("mensaje número %d", i), receive(t, e.a))
	}
	s.Stop()
	require.EqualValues(t, 1, s.Stats().Flushes)
	require.LessOrEqual(t, s.Stats().Payloads, int64(bytes/(MaxMessage-30)+1))
}

// While it waits to be sent, a message gives its place to a later one with its
// key, on its channel.
func TestLatestMessageOfAKeyWins(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e, s := startEar(t, dsn), NewSender(dsn, quiet)
	for i := range 100 {
		s.Send("a", "progress 1", fmt.Sprint("1: ", i))
		s.Send("a", "progress 2", fmt.Sprint("2: ", i))
		s.Send("b", "progress 1", fmt.Sprint("b: ", i))
	}
	s.Send("a", "", "free")
	s.Send("a", "", "free too")
	start(t, s)
	for _, want := range []string{"1: 99", "2: 99", "free", "free too"} {
		require.Equal(t, want, receive(t, e.a))
	}
	require.Equal(t, "b: 99", receive(t, e.b))
	require.EqualValues(t, 3*99, s.Stats().Conflated)

	s.Send("a", "progress 1", "a new one") // what has been sent is not replaced
	require.Equal(t, "a new one", receive(t, e.a))
	require.Empty(t, e.a)
	require.Empty(t, e.b)
}

func TestLongMessagesArrive(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e, s := startEar(t, dsn), startSender(t, dsn)
	var want []string
	for size := MaxMessage - 5; size <= MaxMessage; size++ {
		for _, letter := range []string{"x", "ñ", "語", "🎵"} {
			text := strings.Repeat(letter, size/len(letter))
			want = append(want, text+strings.Repeat("y", size-len(text)))
		}
	}
	for _, text := range want {
		s.Send("a", "", text)
	}
	for _, text := range want {
		require.Equal(t, text, receive(t, e.a))
	}
}

// A message that Postgres refuses would hold up all others.
func TestMessagesThatCannotBeSentAreRefused(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e, s := startEar(t, dsn), NewSender(dsn, quiet)
	for _, text := range []string{"", "two\nlines", "NUL\x00", "not UTF-8 \xff", strings.Repeat("x", MaxMessage+1)} {
		s.Send("a", "", text)
		s.Send("a", "key", text)
	}
	s.Send("", "", "no channel")
	s.Send(strings.Repeat("c", 64), "", "no such channel")
	s.Send("a", "", "fine")
	start(t, s)
	require.Equal(t, "fine", receive(t, e.a))
	require.EqualValues(t, 12, s.Stats().Dropped)
}

func TestPendingMessagesAreBounded(t *testing.T) {
	t.Parallel()
	s := NewSender("host=/nonexistent", quiet)
	for range maxPending {
		s.Send("a", "", "x")
	}
	s.Send("a", "", "one too many")
	s.Send("a", "key", "one too many")
	require.EqualValues(t, 2, s.Stats().Dropped)
	require.Len(t, s.take(), maxPending)
	s.Send("a", "key", "welcome")
	require.Len(t, s.take(), 1)
}

// Stopping takes what is pending and what is just being sent along.
func TestStopSendsWhatIsLeft(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e := startEar(t, dsn)
	for round := range 30 {
		s := NewSender(dsn, quiet)
		require.NoError(t, s.Start(t.Context()))
		if round%2 == 0 { // it is connected, and in the middle of something
			s.Send("b", "", "warm")
			receive(t, e.b)
		}
		for i := range 50 {
			s.Send("a", "", fmt.Sprintf("%d.%d", round, i))
		}
		s.Stop()
		s.Stop()
		require.Zero(t, s.Stats().Dropped)
		for i := range 50 {
			require.Equal(t, fmt.Sprintf("%d.%d", round, i), receive(t, e.a))
		}
	}
}

func TestStopDoesNotWaitForADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	s, e := NewSender("host=/nonexistent", quiet), newEar("host=/nonexistent")
	require.NoError(t, s.Start(t.Context()))
	require.NoError(t, e.Start(t.Context()))
	s.Send("a", "", "to nobody")
	begin := time.Now()
	e.Stop()
	s.Stop()
	require.Less(t, time.Since(begin), stopFlush+3*time.Second)
	require.EqualValues(t, 1, s.Stats().Dropped)
	require.False(t, e.Connected())
	select {
	case <-e.Started():
		t.Error("a listener without a connection says that it listens")
	default:
	}
}

func TestPostgresIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	e, s := startEar(t, server.DSN()), startSender(t, server.DSN())
	s.Send("a", "", "before")
	require.Equal(t, "before", receive(t, e.a))
	require.True(t, e.Connected())
	for round := range 2 {
		require.NoError(t, syscall.Kill(server.PID(), syscall.SIGQUIT))
		for i := range 100 {
			s.Send("b", "", fmt.Sprint("meanwhile ", i)) // may come before anybody listens
		}
		receive(t, e.connected)
		text := fmt.Sprint("after ", round)
		s.Send("a", "", text)
		for receive(t, e.a) != text { // an earlier one comes twice if its answer was lost
		}
		require.GreaterOrEqual(t, e.Reconnects(), int64(round+1))
	}
	require.Zero(t, s.Stats().Dropped)
}

func TestListenerNoticesAHalfOpenConnection(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	p := newProxy(t, dsn)
	e, s := startEar(t, p.dsn), startSender(t, dsn)
	s.Send("a", "", "before")
	require.Equal(t, "before", receive(t, e.a))
	p.goSilent()
	begin := time.Now()
	s.Send("a", "", "lost")
	receive(t, e.connected)
	require.Less(t, time.Since(begin), pingIdle+pingTimeout+3*time.Second)
	require.EqualValues(t, 1, e.Reconnects())
	s.Send("a", "", "after")
	require.Equal(t, "after", receive(t, e.a))
}

func TestSenderNoticesAHalfOpenConnection(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	p := newProxy(t, dsn)
	e, s := startEar(t, dsn), startSender(t, p.dsn)
	s.Send("a", "", "before")
	require.Equal(t, "before", receive(t, e.a))
	require.Eventually(t, func() bool { return s.Stats().Flushes == 1 }, patience, time.Millisecond) // or it is sent again
	p.goSilent()
	begin := time.Now()
	s.Send("a", "", "after")
	require.Equal(t, "after", receive(t, e.a))
	require.Less(t, time.Since(begin), flushTimeout+3*time.Second)
}

// An idle listener pings, and does not take the silence for an interruption.
func TestListenerStandsSilence(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	e := newEar(dsn)
	e.pingIdle = time.Millisecond
	start(t, e)
	receive(t, e.connected)
	s := startSender(t, dsn)
	for i := range 500 {
		s.Send("a", "", fmt.Sprint(i))
		require.Equal(t, fmt.Sprint(i), receive(t, e.a))
	}
	require.Zero(t, e.Reconnects())
}

func TestChannelHasOneHandler(t *testing.T) {
	t.Parallel()
	e := newEar("")
	require.Panics(t, func() { e.Handle("a", Handler{}) })
}
