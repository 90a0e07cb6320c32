package engineio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func (p *poller) socket() *conn {
	p.t.Helper()
	return p.dial(p.t, strings.Replace(p.query, "polling", "websocket", 1))
}

// upgrade goes over to a WebSocket.
func (p *poller) upgrade() *conn {
	p.t.Helper()
	c := p.socket()
	c.send("2probe")
	require.Equal(p.t, "3probe", c.next())
	c.send("5")
	session := p.last()
	require.Eventually(p.t, func() bool { return session.Transport() == engineio.WebSocket }, patient, pollEach)
	return c
}

func TestUpgrade(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	require.Equal(t, engineio.Polling, e.last().Transport())
	waiting := p.beginPoll()
	c := p.socket()
	c.send("2probe")
	require.Equal(t, "3probe", c.next())
	require.Equal(t, "6", (<-waiting).body, "the poll that waits is let go")
	require.Equal(t, "6", p.poll().body, "and one that comes before the upgrade")
	e.last().Send(engineio.NewText([]byte("by poll")))
	require.Equal(t, "4by poll", p.poll().body)
	require.Equal(t, http.StatusOK, p.post("4posted").status)
	c.send("5")
	require.Equal(t, "4posted", c.next(), "what waits goes on by WebSocket")
	c.send("4hello")
	require.Equal(t, "4hello", c.next())
	require.EqualValues(t, 1, e.Stats().Upgraded)
	require.EqualValues(t, 1, e.Stats().WebSockets)
}

func TestOneWebSocketPerSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	c := p.socket()
	c.send("2probe")
	require.Equal(t, "3probe", c.next())
	p.socket().closed() // while the first asks
	c.send("5")
	require.Equal(t, http.StatusBadRequest, p.poll().status)
	require.Equal(t, http.StatusBadRequest, p.post("4x").status)
	p.socket().closed() // and afterwards
	c.send("4hello")
	require.Equal(t, "4hello", c.next())

	c = e.openSocket(t)
	e.dial(t, "EIO=4&transport=websocket&sid="+e.last().ID()).closed()
	c.send("4hello")
	require.Equal(t, "4hello", c.next())
}

// A client may send everything at once; its poll is then too late.
func TestAHastyUpgrade(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	waiting := p.beginPoll()
	c := p.socket()
	c.send("2probe")
	c.send("5")
	c.send("4hello")
	require.Equal(t, "3probe", c.next())
	require.Equal(t, "4hello", c.next())
	require.Contains(t, []int{http.StatusOK, http.StatusBadRequest}, (<-waiting).status)
}

func TestAFailedUpgradeLeavesTheSession(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{UpgradeTimeout: 30 * time.Millisecond})
	p := e.openPolling(t)
	for _, packets := range [][]string{
		{"4hello"}, {"2"}, {"5"}, {"2probe", "4hello"}, {"2probe", "2probe"}, {"x"}, {"\xff"},
		{}, {"2probe"}, // nothing more comes in time
	} {
		c := p.socket()
		for _, packet := range packets {
			c.send(packet)
		}
		c.closed()
		// Afterwards another may try.
		require.Eventually(t, func() bool { return !engineio.Probed(e.last()) && e.Stats().WebSockets == 0 }, patient, pollEach)
		require.Equal(t, http.StatusOK, p.post("4x").status)
		require.Equal(t, "4x", p.poll().body)
	}
	c := p.upgrade()
	c.send("4hello")
	require.Equal(t, "4hello", c.next())
	time.Sleep(2 * 30 * time.Millisecond) // the timeout was for the upgrade only
	c.send("4hello")
	require.Equal(t, "4hello", c.next())
}

func TestTheSessionEndsDuringAnUpgrade(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	p := e.openPolling(t)
	c := p.socket()
	c.send("2probe")
	require.Equal(t, "3probe", c.next())
	require.Equal(t, http.StatusOK, p.post("1").status)
	c.closed()
	_, resp, err := websocket.Dial(t.Context(), e.http.URL+"/?"+strings.Replace(p.query, "polling", "websocket", 1), nil)
	require.Error(t, err)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	_ = resp.Body.Close()
}

// A ping that was sent by one transport may be answered by the other.
func TestTheHeartbeatGoesOnDuringAnUpgrade(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{PingInterval: 30 * time.Millisecond, PingTimeout: 10 * time.Second})
	p := e.openPolling(t)
	require.Equal(t, "2", p.poll().body)
	c := p.upgrade()
	for range 3 {
		c.send("3")
		require.Equal(t, "2", c.next())
	}
}
