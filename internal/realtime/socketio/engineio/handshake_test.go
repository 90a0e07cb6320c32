package engineio_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func TestHandshakeByPolling(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{PingInterval: 300 * time.Millisecond, PingTimeout: 200 * time.Millisecond})
	r := e.must(t, "GET", polling, "")
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "text/plain; charset=UTF-8", r.header.Get("Content-Type"))
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	require.Empty(t, r.header.Get("Set-Cookie"))
	h := parseHandshake(t, r.body)
	require.Regexp(t, `^[\w-]{20}$`, h.SID)
	h.SID = ""
	require.Equal(t, handshake{"", []string{"websocket"}, 300, 200, 1_000_000}, h)
}

func TestHandshakeByWebSocket(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	h := parseHandshake(t, e.dial(t, "EIO=4&transport=websocket").next())
	require.Equal(t, []string{}, h.Upgrades)
	require.Equal(t, 1_000_000, h.MaxPayload)
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{PingInterval: 25 * time.Second})
	h := parseHandshake(t, e.must(t, "GET", polling, "").body)
	require.Equal(t, 25_000, h.PingInterval)
	require.Equal(t, 20_000, h.PingTimeout)
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	open := e.openPolling(t).query
	socket := e.openSocket(t)
	_ = socket
	upgraded := "EIO=4&transport=polling&sid=" + e.last().ID()
	const (
		transport = `{"code":0,"message":"Transport unknown"}`
		sid       = `{"code":1,"message":"Session ID unknown"}`
		method    = `{"code":2,"message":"Bad handshake method"}`
		bad       = `{"code":3,"message":"Bad request"}`
		version   = `{"code":5,"message":"Unsupported protocol version"}`
	)
	for _, c := range []struct{ name, method, query, body string }{
		{"no version", "GET", "transport=polling", version},
		{"wrong version", "GET", "EIO=abc&transport=polling", version},
		{"version 3", "GET", "EIO=3&transport=polling", version},
		{"no version in a session", "GET", strings.Replace(open, "EIO=4&", "", 1), version},
		{"no transport", "GET", "EIO=4", transport},
		{"unknown transport", "GET", "EIO=4&transport=abc", transport},
		{"JSONP", "GET", "EIO=4&transport=jsonp", transport},
		{"handshake by POST", "POST", polling, method},
		{"handshake by PUT", "PUT", polling, method},
		{"handshake by DELETE", "DELETE", polling, method},
		{"unknown session", "GET", polling + "&sid=abc", sid},
		{"POST to an unknown session", "POST", polling + "&sid=abc", sid},
		{"PUT in a session", "PUT", open, bad},
		{"WebSocket without an upgrade", "GET", "EIO=4&transport=websocket", bad},
		{"WebSocket of a session without an upgrade", "GET", strings.Replace(open, "polling", "websocket", 1), bad},
		{"poll of a session with a WebSocket", "GET", upgraded, bad},
		{"POST to a session with a WebSocket", "POST", upgraded, bad},
	} {
		r := e.must(t, c.method, c.query, "")
		require.Equal(t, http.StatusBadRequest, r.status, c.name)
		require.Equal(t, c.body, r.body, c.name)
		require.Equal(t, "application/json", r.header.Get("Content-Type"), c.name)
	}
	require.EqualValues(t, 17, e.Stats().Refused)
	require.Equal(t, 2, e.Stats().Sessions, "the sessions are unharmed")
}

func TestRefusedWebSockets(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	for _, query := range []string{
		"transport=websocket", "EIO=abc&transport=websocket", "EIO=3&transport=websocket", "EIO=4", "EIO=4&transport=abc",
		"EIO=4&transport=websocket&sid=unknown",
	} {
		_, resp, err := websocket.Dial(t.Context(), e.http.URL+"/engine.io/?"+query, nil)
		require.Error(t, err, query)
		require.Equal(t, http.StatusBadRequest, resp.StatusCode, query)
		_ = resp.Body.Close()
	}
}

func TestTransportsCanBeRestricted(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{Transports: []string{engineio.WebSocket}})
	require.Equal(t, http.StatusBadRequest, e.must(t, "GET", polling, "").status)
	e.openSocket(t)
	e = setup(t, engineio.Options{NoUpgrades: true})
	p := e.openPolling(t)
	_, resp, err := websocket.Dial(t.Context(), e.http.URL+"/?"+strings.Replace(p.query, "polling", "websocket", 1), nil)
	require.Error(t, err)
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	_ = resp.Body.Close()
}

func TestAdmission(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{
		MaxSessions: 1,
		Admit: func(r *http.Request) error {
			if r.URL.Query().Get("token") != "x" {
				return errors.New("who are you?")
			}
			return nil
		},
	})
	r := e.must(t, "GET", polling, "")
	require.Equal(t, http.StatusForbidden, r.status)
	require.Equal(t, `{"code":4,"message":"who are you?"}`, r.body)
	require.Equal(t, http.StatusOK, e.must(t, "GET", polling+"&token=x", "").status)
	require.Equal(t, "x", e.last().Request().Query.Get("token"))
	require.NotEmpty(t, e.last().Request().RemoteAddr)
	require.NotEmpty(t, e.last().Request().Header.Get("User-Agent"))
	r = e.must(t, "GET", polling+"&token=x", "")
	require.Equal(t, http.StatusServiceUnavailable, r.status)
	require.Equal(t, `{"code":4,"message":"Too many sessions"}`, r.body)
	e.last().Close()
	require.Equal(t, http.StatusOK, e.must(t, "GET", polling+"&token=x", "").status, "there is room again")
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	allow := func(r *http.Request) bool { return r.Header.Get("Origin") == "https://app.example" }
	e := setup(t, engineio.Options{CheckOrigin: allow})
	ask := func(method, origin string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), method, e.http.URL+"/engine.io/?"+polling, nil)
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Headers", "x-token")
		resp, err := e.client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp
	}
	resp := ask("GET", "https://app.example")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.Equal(t, "https://app.example", resp.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", resp.Header.Get("Access-Control-Allow-Credentials"))
	require.Contains(t, resp.Header.Values("Vary"), "Origin")
	resp = ask("OPTIONS", "https://app.example")
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
	require.Equal(t, "x-token", resp.Header.Get("Access-Control-Allow-Headers"))
	require.Contains(t, resp.Header.Get("Access-Control-Allow-Methods"), "POST")
	for _, method := range []string{"GET", "OPTIONS"} {
		resp = ask(method, "https://evil.example")
		require.Equal(t, http.StatusForbidden, resp.StatusCode)
		require.Empty(t, resp.Header.Get("Access-Control-Allow-Origin"))
	}
	e = setup(t, engineio.Options{})
	require.Equal(t, http.StatusOK, ask("GET", e.http.URL).StatusCode, "the server's own pages")
	require.Equal(t, http.StatusForbidden, ask("GET", "https://app.example").StatusCode)
}
