package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// frame is a message from the server.
type frame struct {
	Type  string `json:"type"`
	Topic string `json:"topic"`
	Seq   int64  `json:"seq"`
	Data  struct {
		GenerationID uuid.UUID `json:"generationId"`
		Status       string    `json:"status"`
		Progress     int       `json:"progress"`
		Stage        string    `json:"stage"`
		AudioURL     string    `json:"audioUrl"`
		Title        string    `json:"title"`
		Code         string    `json:"code"`
		Seq          int64     `json:"seq"`
	} `json:"data"`
}

type socket struct {
	*websocket.Conn
	ctx context.Context
}

// dial opens a socket with a ticket.
func (n *node) dial(t *testing.T, p person, query string) socket {
	t.Helper()
	r := n.call(t, p, http.MethodPost, "/api/auth/ticket", nil)
	require.Equal(t, http.StatusOK, r.status, r.body)
	var body struct {
		Ticket string `json:"ticket"`
	}
	r.data(t, &body)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patient)
	t.Cleanup(cancel)
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(n.url, "http")+"/ws?ticket="+body.Ticket+query,
		&websocket.DialOptions{Subprotocols: []string{"son1k.v1"}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.CloseNow() })
	s := socket{ws, ctx}
	s.until(t, func(f frame) bool { return f.Type == "authenticated" })
	return s
}

func (s socket) read(t *testing.T) frame {
	t.Helper()
	_, body, err := s.Conn.Read(s.ctx)
	require.NoError(t, err)
	requireDocumented(t, body)
	var f frame
	require.NoError(t, json.Unmarshal(body, &f))
	return f
}

// until reads frames up to and including one that ok accepts.
func (s socket) until(t *testing.T, ok func(frame) bool) (frames []frame) {
	t.Helper()
	for {
		f := s.read(t)
		frames = append(frames, f)
		if ok(f) {
			return frames
		}
	}
}

func (s socket) send(t *testing.T, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, s.Write(s.ctx, websocket.MessageText, raw))
}

func isFinal(f frame) bool {
	return f.Type == "generation:complete" || f.Type == "generation:error" || f.Type == "generation:cancelled"
}

// requireTrueProgress checks a generation's frames: durable ones numbered
// without gaps, progress never going back.
func requireTrueProgress(t *testing.T, frames []frame) {
	t.Helper()
	last, seq := 0, int64(0)
	for _, f := range frames {
		if f.Seq != 0 {
			require.Equal(t, seq+1, f.Seq, "%+v", frames)
			seq = f.Seq
		}
		if f.Type == "generation:progress" {
			require.GreaterOrEqual(t, f.Data.Progress, last, "%+v", frames)
			last = f.Data.Progress
		}
	}
}
