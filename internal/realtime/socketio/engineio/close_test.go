package engineio_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func TestTheClientClosesAPollingSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	answered := p.beginPoll()
	require.Equal(t, http.StatusOK, p.post("1\x1e4ignored").status)
	require.Equal(t, "6", (<-answered).body)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
	require.Equal(t, engineio.TransportClosed, <-e.gone)
}

// The two requests of a client that closes may arrive in any order.
func TestTheClosePacketMayOvertakeThePoll(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	session := e.last()
	posted := p.begin("POST", "1")
	require.Eventually(t, func() bool { return engineio.Posting(session) || e.Stats().Sessions == 0 }, patient, time.Millisecond)
	if r := p.poll(); r.status == http.StatusOK { // unless it really was late
		require.Equal(t, "6", r.body)
	}
	require.Equal(t, http.StatusOK, (<-posted).status)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
}

func TestTheClientClosesAWebSocketSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	c := e.openSocket(t)
	c.send("1")
	require.Equal(t, websocket.StatusNormalClosure, c.closed())
	require.Equal(t, engineio.TransportClosed, <-e.gone)
	c = e.openSocket(t)
	require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
	require.Equal(t, engineio.TransportClosed, <-e.gone)
	c = e.openSocket(t)
	require.NoError(t, c.CloseNow())
	require.Equal(t, engineio.TransportClosed, <-e.gone)
}

func TestTwoPolls(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	first := p.beginPoll()
	require.Equal(t, http.StatusBadRequest, p.poll().status)
	require.Equal(t, "1", (<-first).body)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
	require.Equal(t, engineio.TransportError, <-e.gone)
}

// A poll that was given up may come after the next one.
func TestAnAbandonedPollThatIsLate(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	waiting := p.beginPoll()
	conn, err := net.Dial("tcp", e.http.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "GET /engine.io/?"+p.query+" HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, engineio.TransportError, <-e.gone)
	r := <-waiting
	require.True(t, r.status == http.StatusBadRequest || r.body == "1", "%d %q", r.status, r.body)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
}

func TestTwoPosts(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	session := e.last()
	body, more := io.Pipe()
	first := make(chan int, 1)
	go func() {
		resp, err := p.client.Post(p.http.URL+"/engine.io/?"+p.query, "text/plain", body)
		if err != nil {
			first <- 0
			return
		}
		_ = resp.Body.Close()
		first <- resp.StatusCode
	}()
	require.Eventually(t, func() bool { return engineio.Posting(session) }, patient, pollEach)
	require.Equal(t, http.StatusBadRequest, p.post("4x").status)
	require.Equal(t, engineio.TransportError, <-e.gone)
	require.NoError(t, more.Close())
	<-first
	require.Equal(t, http.StatusBadRequest, p.poll().status)
}

func TestAnAbortedPollEndsTheSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	session := e.last()
	ctx, abort := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		_, err := p.do(ctx, "GET", p.query, "")
		done <- err
	}()
	require.Eventually(t, func() bool { return engineio.Waits(session) }, patient, pollEach)
	abort()
	require.ErrorIs(t, <-done, context.Canceled)
	require.Equal(t, engineio.TransportError, <-e.gone, "nobody knows what the client has received")
	require.Equal(t, http.StatusBadRequest, p.poll().status)
}

func TestAnAbortedPostEndsTheSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	conn, err := net.Dial("tcp", e.http.Listener.Addr().String())
	require.NoError(t, err)
	_, err = io.WriteString(conn, "POST /engine.io/?"+p.query+" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4abc")
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	require.Equal(t, engineio.TransportError, <-e.gone)
}

// What was sent before Close arrives, then that the session is closed.
func TestCloseSendsWhatWaits(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	e.last().Send(engineio.NewText([]byte("last words")))
	e.last().Close()
	require.Equal(t, engineio.ForcedClose, <-e.gone)
	require.False(t, e.last().Send(engineio.NewText([]byte("too late"))))
	require.Equal(t, http.StatusBadRequest, p.post("4x").status)
	require.Equal(t, "4last words", p.poll().body)
	require.Equal(t, "1", p.poll().body)
	require.Equal(t, http.StatusBadRequest, p.poll().status)

	c := e.openSocket(t)
	for range 100 {
		e.last().Send(engineio.NewText([]byte(strings.Repeat("x", 1000))))
	}
	e.last().Close()
	for range 100 {
		require.Len(t, c.next(), 1001)
	}
	require.Equal(t, websocket.StatusNormalClosure, c.closed())
}

func TestCloseEndsAWaitingPoll(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	answered := e.openPolling(t).beginPoll()
	e.last().Close()
	require.Equal(t, "1", (<-answered).body)
}
