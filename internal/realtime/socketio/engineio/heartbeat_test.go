package engineio_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func TestHeartbeatByPolling(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{PingInterval: 20 * time.Millisecond}).openPolling(t)
	for range 3 {
		require.Equal(t, "2", p.poll().body)
		require.Equal(t, http.StatusOK, p.post("3").status)
	}
}

func TestHeartbeatByWebSocket(t *testing.T) {
	t.Parallel()
	c := setup(t, engineio.Options{PingInterval: 20 * time.Millisecond}).openSocket(t)
	for range 3 {
		require.Equal(t, "2", c.next())
		c.send("3")
	}
}

// The next ping comes an interval after the pong, not earlier.
func TestPingsKeepTheInterval(t *testing.T) {
	t.Parallel()
	const interval = 50 * time.Millisecond
	c := setup(t, engineio.Options{PingInterval: interval}).openSocket(t)
	require.Equal(t, "2", c.next())
	for range 3 {
		answered := time.Now()
		c.send("3")
		require.Equal(t, "2", c.next())
		require.GreaterOrEqual(t, time.Since(answered), interval)
	}
}

func TestPingTimeout(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{PingInterval: 10 * time.Millisecond, PingTimeout: 20 * time.Millisecond})
	opened := time.Now()
	p := e.openPolling(t)
	require.Equal(t, engineio.PingTimeout, <-e.gone)
	require.GreaterOrEqual(t, time.Since(opened), 30*time.Millisecond)
	require.Equal(t, http.StatusBadRequest, p.poll().status)

	c := e.openSocket(t)
	require.Equal(t, websocket.StatusPolicyViolation, c.closed())
	require.Equal(t, engineio.PingTimeout, <-e.gone)
}

// A poll that waits when the pong is overdue is told that the session is closed.
func TestPingTimeoutEndsAPoll(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{PingInterval: 10 * time.Millisecond, PingTimeout: 50 * time.Millisecond}).openPolling(t)
	require.Equal(t, "2", p.poll().body)
	require.Equal(t, "1", p.poll().body)
}
