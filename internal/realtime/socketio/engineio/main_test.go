package engineio_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"son1k/internal/realtime/socketio/engineio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patient  = 30 * time.Second
	pollEach = 2 * time.Millisecond
	never    = time.Hour // for heartbeats that are not to interfere
)

// echo sends everything back and remembers how its sessions ended.
type echo struct {
	*engineio.Server
	http   *httptest.Server
	client *http.Client

	mu       sync.Mutex
	sessions []*engineio.Session
	gone     chan engineio.Reason
}

func quietly(o engineio.Options) engineio.Options {
	if o.PingInterval == 0 {
		o.PingInterval = never
	}
	o.Log = slog.New(slog.DiscardHandler)
	return o
}

// setup starts a server; only Open of the options is its own.
func setup(t testing.TB, opts engineio.Options) *echo {
	t.Helper()
	e := &echo{client: &http.Client{Transport: &http.Transport{}}, gone: make(chan engineio.Reason, 1000)}
	opts.Open = e.open
	e.Server = engineio.New(quietly(opts))
	e.http = httptest.NewServer(e)
	t.Cleanup(e.http.Close)
	t.Cleanup(e.Stop)
	t.Cleanup(e.client.CloseIdleConnections)
	return e
}

type echoer struct {
	echo    *echo
	session *engineio.Session
}

func (e *echo) open(s *engineio.Session) engineio.Receiver {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.sessions = append(e.sessions, s)
	return echoer{e, s}
}

func (r echoer) Receive(data []byte, binary bool) error {
	if binary {
		r.session.Send(engineio.NewBinary(data))
	} else {
		r.session.Send(engineio.NewText(data))
	}
	return nil
}

func (r echoer) Closed(why engineio.Reason) { r.echo.gone <- why }

// last is the session that was opened last.
func (e *echo) last() *engineio.Session {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.sessions[len(e.sessions)-1]
}

// reply is an HTTP answer.
type reply struct {
	status int
	body   string
	header http.Header
}

func (e *echo) do(ctx context.Context, method, query, body string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, e.http.URL+"/engine.io/?"+query, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	resp, err := e.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, string(b), resp.Header}, err
}

func (e *echo) must(t testing.TB, method, query, body string) reply {
	t.Helper()
	r, err := e.do(t.Context(), method, query, body)
	require.NoError(t, err)
	return r
}

const polling = "EIO=4&transport=polling"

// handshake is the content of an open packet.
type handshake struct {
	SID          string   `json:"sid"`
	Upgrades     []string `json:"upgrades"`
	PingInterval int      `json:"pingInterval"`
	PingTimeout  int      `json:"pingTimeout"`
	MaxPayload   int      `json:"maxPayload"`
}

func parseHandshake(t testing.TB, packet string) handshake {
	t.Helper()
	require.True(t, strings.HasPrefix(packet, "0"), "%q", packet)
	var h handshake
	decoder := json.NewDecoder(strings.NewReader(packet[1:]))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&h))
	return h
}

// poller is a client of a session over HTTP.
type poller struct {
	*echo
	t     testing.TB
	query string
}

func (e *echo) openPolling(t testing.TB) *poller {
	t.Helper()
	h := parseHandshake(t, e.must(t, "GET", polling, "").body)
	return &poller{e, t, polling + "&sid=" + h.SID}
}

func (p *poller) poll() reply {
	p.t.Helper()
	return p.must(p.t, "GET", p.query, "")
}

func (p *poller) post(body string) reply {
	p.t.Helper()
	return p.must(p.t, "POST", p.query, body)
}

// begin starts a request that is answered later.
func (p *poller) begin(method, body string) <-chan reply {
	answered := make(chan reply, 1)
	go func() {
		r, _ := p.do(p.t.Context(), method, p.query, body) // a zero reply fails the test
		answered <- r
	}()
	return answered
}

// beginPoll returns when the server has the poll.
func (p *poller) beginPoll() <-chan reply {
	p.t.Helper()
	answered := p.begin("GET", "")
	session := p.last()
	require.Eventually(p.t, func() bool { return engineio.Waits(session) }, patient, pollEach)
	return answered
}

// conn is a client of a session over a WebSocket.
type conn struct {
	*websocket.Conn
	t testing.TB
}

func (e *echo) dial(t testing.TB, query string) *conn {
	t.Helper()
	ws, resp, err := websocket.Dial(t.Context(), e.http.URL+"/engine.io/?"+query, nil)
	require.NoError(t, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return &conn{ws, t}
}

func (e *echo) openSocket(t testing.TB) *conn {
	t.Helper()
	c := e.dial(t, "EIO=4&transport=websocket")
	parseHandshake(t, c.next())
	return c
}

func (c *conn) send(text string) {
	c.t.Helper()
	require.NoError(c.t, c.Write(c.t.Context(), websocket.MessageText, []byte(text)))
}

// next is the next text.
func (c *conn) next() string {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patient)
	defer cancel()
	typ, data, err := c.Read(ctx)
	require.NoError(c.t, err)
	require.Equal(c.t, websocket.MessageText, typ)
	return string(data)
}

// closed waits until the server has closed the connection, with which code.
func (c *conn) closed() websocket.StatusCode {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), patient)
	defer cancel()
	for {
		_, _, err := c.Read(ctx)
		if err != nil {
			require.NoError(c.t, ctx.Err(), "the server does not close the connection")
			return websocket.CloseStatus(err)
		}
	}
}
