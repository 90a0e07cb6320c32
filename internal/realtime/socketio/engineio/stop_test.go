package engineio_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func TestStop(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{Drain: 50 * time.Millisecond})
	waiting := e.openPolling(t)
	answered := waiting.beginPoll()
	idle := e.openPolling(t)
	upgrading := e.openPolling(t).socket()
	upgrading.send("2probe")
	require.Equal(t, "3probe", upgrading.next())
	socket := e.openSocket(t)
	code := make(chan websocket.StatusCode, 1)
	go func() {
		_, _, err := socket.Read(t.Context())
		code <- websocket.CloseStatus(err)
	}()
	go e.Stop()
	e.Stop()
	require.Equal(t, "1", (<-answered).body)
	require.Equal(t, websocket.StatusServiceRestart, <-code)
	upgrading.closed()
	require.Equal(t, http.StatusBadRequest, idle.poll().status)
	for range 4 {
		require.Equal(t, engineio.ServerStopping, <-e.gone)
	}
	require.Zero(t, e.Stats().Sessions)
	require.Zero(t, e.Stats().WebSockets)
	r := e.must(t, "GET", polling, "")
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.Equal(t, `{"code":4,"message":"The server is stopping"}`, r.body)
	e.Stop()
}

// A client that does not answer the goodbye does not hold up Stop for long.
func TestStopDoesNotWaitForSilentClients(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	e.openSocket(t) // and does not read on
	e.Stop()
}

func TestASlowClientIsClosed(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{BufferBytes: 100_000})
	c := e.openSocket(t)
	session := e.last()
	m := engineio.NewText([]byte(strings.Repeat("x", 10_000)))
	require.Eventually(t, func() bool { return !session.Send(m) }, patient, time.Microsecond)
	require.Equal(t, engineio.Slow, <-e.gone)
	c.closed()
	require.EqualValues(t, 1, e.Stats().Slow)

	e.openPolling(t) // and never polls
	for e.last().Send(m) {
	}
	require.Equal(t, engineio.Slow, <-e.gone)
}

// The latest of a kind is enough for a client that does not read.
func TestLatestMessagesDoNotPileUp(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{BufferBytes: 50_000})
	p := e.openPolling(t)
	key := engineio.Key{Name: "progress"}
	for i := range 1000 {
		require.True(t, e.last().SendLatest(key, engineio.NewText([]byte{byte('a' + i%26)})))
	}
	e.last().Send(engineio.NewText([]byte("end")))
	require.Equal(t, "4l\x1e4end", p.poll().body)
}

// Sessions come and go without leaving anything. The test is alone, to measure
// memory.
func TestSessionsLeaveNothing(t *testing.T) { //nolint:paralleltest // see above
	e := setup(t, engineio.Options{})
	cycle := func(t *testing.T) {
		p := e.openPolling(t)
		c := p.upgrade()
		c.send("4x")
		require.Equal(t, "4x", c.next())
		require.NoError(t, c.CloseNow())
		p = e.openPolling(t)
		p.post("1")
		c = e.openSocket(t)
		require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
	}
	t.Run("first", cycle)
	settled := func() bool { return e.Stats().Sessions == 0 && e.Stats().WebSockets == 0 }
	require.Eventually(t, settled, patient, pollEach)
	before := heap()
	for range 200 {
		t.Run("again", cycle)
	}
	require.Eventually(t, settled, patient, pollEach)
	e.mu.Lock()
	e.sessions = nil
	e.mu.Unlock()
	require.Eventually(t, func() bool { return heap() < before+1<<20 }, patient, 100*time.Millisecond)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
