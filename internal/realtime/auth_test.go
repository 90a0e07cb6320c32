package realtime_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/realtime"
)

func TestTicket(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	s.publish(t, ana, "song", 1)
	c, replayed, welcome := r.join(t, ana, "")
	require.Empty(t, replayed)
	require.JSONEq(t, fmt.Sprintf(`{"success":true,"userId":%q,"topic":%q,"seq":1,"recovered":true}`, ana, topicOf(ana)), string(welcome.Data))
	s.publish(t, uuid.New(), "song", "another person's")
	e := s.publish(t, ana, "song", map[string]int{"n": 2})
	f := c.read(t)
	require.Equal(t, "song", f.Type)
	require.Equal(t, topicOf(ana), f.Topic)
	require.EqualValues(t, 2, f.Seq)
	require.JSONEq(t, `{"n":2}`, string(f.Data))
	require.True(t, e.At.Equal(*f.TS))
}

func TestTicketOnce(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, nil)
	ticket := s.people.ticket(uuid.New())
	r.open(t, "?ticket="+ticket).until(t, "authenticated")
	for _, bad := range []string{ticket, "made-up", "%00%ff"} {
		reason, before := r.open(t, "?ticket="+bad).requireClosed(t, realtime.CloseUnauthorized)
		require.Equal(t, "TICKET_INVALID: Ask for another ticket.", reason)
		require.Empty(t, before)
	}
}

func TestTokenInFirstFrame(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	for n := range 3 {
		s.publish(t, ana, "song", n)
	}
	c := r.open(t, "")
	c.send(t, fmt.Sprintf(`{"type":"authenticate","id":7,"data":{"token":%q,"after":1}}`, s.people.token(ana, time.Time{})))
	frames := c.until(t, "authenticated")
	require.Equal(t, upTo(2, 3), seqsOf(frames))
	require.Equal(t, "7", string(frames[2].ID))
	require.EqualValues(t, 3, frames[2].get(t, "seq"))
}

func TestFirstFrameRefused(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, nil)
	expired := s.people.token(uuid.New(), time.Now().Add(-time.Second))
	for text, code := range map[string]string{
		`{"type":"authenticate","data":{"token":"made-up"}}`:                "TOKEN_INVALID",
		fmt.Sprintf(`{"type":"authenticate","data":{"token":%q}}`, expired): "TOKEN_INVALID",
		`{"type":"authenticate","data":{}}`:                                 "AUTH_REQUIRED",
		`{"type":"authenticate"}`:                                           "AUTH_REQUIRED",
		`{"type":"authenticate","data":7}`:                                  "AUTH_REQUIRED",
		`{"type":"ping"}`:                                                   "AUTH_REQUIRED",
		`{"type":"subscribe","topic":"system"}`:                             "AUTH_REQUIRED",
		`{"type":`:                                                          "BAD_FRAME",
		``:                                                                  "BAD_FRAME",
	} {
		c := r.open(t, "")
		c.send(t, text)
		reason, before := c.requireClosed(t, realtime.CloseUnauthorized)
		require.Contains(t, reason, code, text)
		require.Empty(t, before)
	}
}

func TestNoAuthenticationInTime(t *testing.T) {
	t.Parallel()
	r := newSystem(t).serve(t, limits(realtime.Limits{AuthTimeout: time.Millisecond}))
	reason, _ := r.open(t, "").requireClosed(t, realtime.CloseUnauthorized)
	require.Equal(t, "no authentication in time", reason)
}

func TestAuthenticationFails(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, nil)
	s.people.fail(errors.New("secret detail"))
	reason, _ := r.open(t, "?ticket=x").requireClosed(t, websocket.StatusInternalError)
	require.Equal(t, "INTERNAL_ERROR", reason)
	s.people.fail(apperr.New(apperr.Unavailable, "DOWN", "Come back."))
	reason, _ = r.open(t, "?ticket=x").requireClosed(t, websocket.StatusTryAgainLater)
	require.Equal(t, "DOWN: Come back.", reason)
	// A close frame has room for 123 bytes of reason.
	s.people.fail(apperr.New(apperr.Forbidden, "NO", strings.Repeat("ñ", 200)))
	reason, _ = r.open(t, "?ticket=x").requireClosed(t, realtime.CloseUnauthorized)
	require.Equal(t, "NO: "+strings.Repeat("ñ", 59), reason)
}

func TestTokenExpires(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	expires := time.Now().Add(400 * time.Millisecond)
	c := r.open(t, "")
	c.send(t, fmt.Sprintf(`{"type":"authenticate","data":{"token":%q}}`, s.people.token(ana, expires)))
	require.Equal(t, "authenticated", c.read(t).Type)
	warning := c.read(t)
	require.Equal(t, "token:expiring", warning.Type)
	require.Equal(t, expires.UTC().Format(time.RFC3339Nano), warning.get(t, "expiresAt"))
	reason, before := c.requireClosed(t, realtime.CloseUnauthorized)
	require.Equal(t, "the token has expired", reason)
	require.Empty(t, before)
	require.False(t, time.Now().Before(expires))
}

func TestFreshTokenKeepsOpen(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	expires := time.Now().Add(500 * time.Millisecond)
	c := r.open(t, "")
	c.send(t, fmt.Sprintf(`{"type":"authenticate","data":{"token":%q}}`, s.people.token(ana, expires)))
	c.until(t, "token:expiring")
	c.requireError(t, fmt.Sprintf(`{"type":"authenticate","data":{"token":%q}}`, s.people.token(uuid.New(), time.Time{})), "OTHER_USER")
	c.requireError(t, `{"type":"authenticate","data":{"token":"made-up"}}`, "TOKEN_INVALID")
	f := c.ask(t, fmt.Sprintf(`{"type":"authenticate","id":"again","data":{"token":%q}}`, s.people.token(ana, time.Now().Add(time.Hour))))
	require.Equal(t, `"again"`, string(f.ID))
	require.JSONEq(t, fmt.Sprintf(`{"success":true,"userId":%q,"topic":%q}`, ana, topicOf(ana)), string(f.Data), "nothing about events")
	<-time.After(time.Until(expires.Add(50 * time.Millisecond))) // it takes the time that the old token had left
	c.requireAlive(t)
	s.publish(t, ana, "song", 0)
	require.EqualValues(t, 1, c.read(t).Seq)
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	r := newSystem(t).serve(t, func(c *realtime.Config) {
		c.Origins = []string{"https://app.example.com", "http://[::1]:3000"}
	})
	for origin, status := range map[string]int{
		"":                                http.StatusSwitchingProtocols,
		r.server.URL:                      http.StatusSwitchingProtocols,
		"https://app.example.com":         http.StatusSwitchingProtocols,
		"http://[::1]:3000":               http.StatusSwitchingProtocols,
		"http://app.example.com":          http.StatusForbidden,
		"https://app.example.com:8443":    http.StatusForbidden,
		"https://app.example.com.evil.es": http.StatusForbidden,
		"https://evil.es":                 http.StatusForbidden,
		"http://::3000":                   http.StatusForbidden,
		"null":                            http.StatusForbidden,
	} {
		header := http.Header{}
		if origin != "" {
			header.Set("Origin", origin)
		}
		ws, res, err := websocket.Dial(t.Context(), r.server.URL, &websocket.DialOptions{HTTPHeader: header})
		require.Equal(t, status, res.StatusCode, origin)
		if err == nil {
			require.NoError(t, ws.CloseNow())
		}
	}
	res, err := http.Get(r.server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusUpgradeRequired, res.StatusCode)
}
