package realtime_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/realtime"
)

func TestPing(t *testing.T) {
	t.Parallel()
	c, _, _ := newSystem(t).serve(t, nil).join(t, uuid.New(), "")
	f := c.ask(t, `{"type":"ping"}`)
	require.Equal(t, "pong", f.Type)
	require.Nil(t, f.ID)
	at, err := time.Parse(time.RFC3339, f.get(t, "timestamp").(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	require.NoError(t, c.Ping(c.CloseRead(c.ctx)), "the WebSocket's own ping")
}

// A connection whose client answers pings lives on.
func TestServerPings(t *testing.T) {
	t.Parallel()
	r := newSystem(t).serve(t, limits(realtime.Limits{Ping: time.Millisecond, FrameRate: 1e6, FrameBurst: 1e6}))
	c, _, _ := r.join(t, uuid.New(), "")
	for range 50 {
		c.requireAlive(t)
	}
}

func TestDeadClientIsDropped(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, limits(realtime.Limits{Ping: 10 * time.Millisecond, Write: 300 * time.Millisecond, Close: 100 * time.Millisecond}))
	c := r.openRude(t, "?ticket="+s.people.ticket(uuid.New()))
	require.Eventually(t, func() bool { return r.hub.Sockets() == 0 }, patient, pollEach)
	require.LessOrEqual(t, len(c.requireCode(t, realtime.CloseSlow)), 1, "the welcome")
}

// The id comes back as it was, whatever it is.
func TestIDIsEchoed(t *testing.T) {
	t.Parallel()
	c, _, _ := newSystem(t).serve(t, nil).join(t, uuid.New(), "")
	for _, id := range []string{`"x"`, `""`, `1`, `-1.5e300`, `"ñ\u0000\""`, `"` + strings.Repeat("x", 64) + `"`} {
		require.Equal(t, id, string(c.ask(t, `{"type":"ping","id":`+id+`}`).ID))
		require.Equal(t, id, string(c.requireError(t, `{"type":"nonsense","id":`+id+`}`, "UNKNOWN_TYPE").ID))
		require.Equal(t, id, string(c.requireError(t, `{"type":5,"id":`+id+`}`, "BAD_FRAME").ID))
		f := c.ask(t, `{"type":"unsubscribe","topic":"system","id":`+id+`}`)
		require.Equal(t, "ack", f.Type)
		require.Equal(t, id, string(f.ID))
	}
	for _, id := range []string{`{}`, `[1]`, `true`, `"` + strings.Repeat("x", 65) + `"`} {
		require.Nil(t, c.requireError(t, `{"type":"ping","id":`+id+`}`, "BAD_FRAME").ID)
	}
	require.Nil(t, c.ask(t, `{"type":"ping","id":null}`).ID)
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	ana := uuid.New()
	c, _, _ := newSystem(t).serve(t, nil).join(t, ana, "")
	for text, code := range map[string]string{
		``:                               "BAD_FRAME",
		`{`:                              "BAD_FRAME",
		`null`:                           "BAD_FRAME",
		`[]`:                             "BAD_FRAME",
		`"ping"`:                         "BAD_FRAME",
		`{}`:                             "BAD_FRAME",
		`{"type":""}`:                    "BAD_FRAME",
		`{"type":"ping"} {}`:             "BAD_FRAME",
		"{\"type\":\"pi\x00ng\"}":        "BAD_FRAME",
		`{"type":"subscribe","topic":5}`: "BAD_FRAME",
		`{"type":"subscribe","topic":"system","after":1e400}`:        "BAD_FRAME",
		`{"type":"subscribe","topic":"system","after":"1"}`:          "BAD_FRAME",
		strings.Repeat("[", 20_000):                                  "BAD_FRAME",
		`{"type":"pi\u0000ng"}`:                                      "UNKNOWN_TYPE",
		`{"type":"generation:complete","data":{}}`:                   "UNKNOWN_TYPE",
		`{"type":"subscribe"}`:                                       "TOPIC_NOT_FOUND",
		`{"type":"subscribe","topic":"` + topicOf(uuid.New()) + `"}`: "TOPIC_NOT_FOUND",
		`{"type":"subscribe","topic":"` + topicOf(ana) + ` "}`:       "TOPIC_NOT_FOUND",
		`{"type":"subscribe","topic":"room:1"}`:                      "TOPIC_NOT_FOUND",
		`{"type":"subscribe","topic":"\u0000\ud800"}`:                "TOPIC_NOT_FOUND",
		`{"type":"subscribe:generation"}`:                            "VALIDATION_ERROR",
		`{"type":"subscribe:generation","data":"x"}`:                 "VALIDATION_ERROR",
		`{"type":"subscribe:generation","data":{"generationId":5}}`:  "VALIDATION_ERROR",
		`{"type":"authenticate","data":{}}`:                          "AUTH_REQUIRED",
	} {
		c.requireError(t, text, code)
	}
	c.requireAlive(t)
}

// Frames that no well-behaved client sends end the connection, and the client
// learns why.
func TestForbiddenFrames(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, nil)
	for name, c := range map[string]struct {
		opcode  byte
		payload string
		code    websocket.StatusCode
	}{
		"binary":         {2, "{}", websocket.StatusUnsupportedData},
		"not UTF-8":      {1, "{\"type\":\"\xff\"}", websocket.StatusInvalidFramePayloadData},
		"too long":       {1, strings.Repeat(" ", 65<<10), websocket.StatusMessageTooBig},
		"much too long":  {1, strings.Repeat(" ", 4<<20), websocket.StatusMessageTooBig},
		"unknown opcode": {5, "x", websocket.StatusProtocolError},
		"continuation":   {0, "x", websocket.StatusProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ws := r.openRude(t, "?ticket="+s.people.ticket(uuid.New()))
			ws.next(t) // the welcome
			ws.header(t, c.opcode, uint64(len(c.payload)))
			_, _ = ws.Write([]byte(c.payload)) // the server need not take it all
			require.Empty(t, ws.requireCode(t, c.code))
		})
	}
	t.Run("the longest", func(t *testing.T) {
		t.Parallel()
		c, _, _ := r.join(t, uuid.New(), "")
		text := `{"type":"ping"}`
		require.Equal(t, "pong", c.ask(t, text+strings.Repeat(" ", 64<<10-len(text))).Type)
	})
}

func TestFlood(t *testing.T) {
	t.Parallel()
	r := newSystem(t).serve(t, limits(realtime.Limits{FrameRate: 1e-3, FrameBurst: 5}))
	c, _, _ := r.join(t, uuid.New(), "")
	for range 20 {
		_ = c.Write(c.ctx, websocket.MessageText, []byte(`{"type":"ping"}`)) // may be closed already
	}
	reason, before := c.requireClosed(t, realtime.CloseFlood)
	require.Equal(t, "too many frames", reason)
	require.LessOrEqual(t, len(before), 5)
}

// The pings of the WebSocket protocol count as frames.
func TestPingFlood(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r := s.serve(t, limits(realtime.Limits{FrameRate: 1e-3, FrameBurst: 5}))
	c := r.openRude(t, "?ticket="+s.people.ticket(uuid.New()))
	for range 20 {
		c.header(t, 9, 0)
	}
	c.requireCode(t, realtime.CloseFlood)
}

func TestTooManyTopics(t *testing.T) {
	t.Parallel()
	ana := uuid.New()
	c, _, _ := newSystem(t).serve(t, limits(realtime.Limits{Topics: 1})).join(t, ana, "")
	c.requireError(t, `{"type":"subscribe","topic":"system"}`, "TOO_MANY_TOPICS")
	own := fmt.Sprintf(`,"topic":%q,"id":1}`, topicOf(ana))
	require.Equal(t, "ack", c.ask(t, `{"type":"subscribe"`+own).Type, "anew is not one more")
	require.Equal(t, "ack", c.ask(t, `{"type":"unsubscribe"`+own).Type)
	require.Equal(t, "ack", c.ask(t, `{"type":"subscribe","topic":"system","id":1}`).Type)
}

// A client of tomorrow may send more fields, and a failure says no more than
// it must.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"type":"ping","id":1}`, `{"type":"subscribe","topic":"system","after":5,"id":"x"}`, `{"id":null}`, `{"id":{}}`,
		`{"type":"authenticate","data":{"token":"x"}}`, `{"type":5,"id":-1}`, `[`, "", "\x00", `{"ID":1,"id":"2","new":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := realtime.ParseRequest(body)
		if r.ID != nil {
			require.True(t, json.Valid(r.ID), "%q", r.ID)
			require.LessOrEqual(t, len(r.ID), 66)
			require.NotContains(t, "{[tfn", string(r.ID[:1]))
		}
		if err == nil {
			require.NotEmpty(t, r.Type)
			return
		}
		require.True(t, apperr.Is(err, "BAD_FRAME"))
		require.Equal(t, realtime.Request{ID: r.ID}, r)
		require.True(t, json.Valid(realtime.ErrorFrame(r.ID, err)))
	})
}

func TestUnknownErrorsGiveNothingAway(t *testing.T) {
	t.Parallel()
	text := string(realtime.ErrorFrame(json.RawMessage("1"), fmt.Errorf("secret: %w", errors.New("password"))))
	require.Contains(t, text, "INTERNAL_ERROR")
	require.NotContains(t, text, "secret")
	require.NotContains(t, text, "password")
}
