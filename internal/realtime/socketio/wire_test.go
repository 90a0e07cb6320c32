package socketio_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// wire is a client that speaks the protocol by hand.
type wire struct {
	*websocket.Conn
	t testing.TB
}

func (sys *system) dial(t testing.TB) *wire {
	t.Helper()
	ws, resp, err := websocket.Dial(t.Context(), sys.http.URL+"/socket.io/?EIO=4&transport=websocket&color=red", nil)
	require.NoError(t, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	ws.SetReadLimit(-1)
	t.Cleanup(func() { _ = ws.CloseNow() })
	w := &wire{ws, t}
	require.True(t, strings.HasPrefix(w.next(), `0{"sid":"`))
	return w
}

// join connects to the main namespace.
func (sys *system) join(t testing.TB) *wire {
	t.Helper()
	w := sys.dial(t)
	w.send("40")
	require.Regexp(t, `^40\{"sid":"[\w-]{20}"\}$`, w.next())
	require.Equal(t, `42["auth",{}]`, w.next())
	return w
}

func (w *wire) send(text string) {
	w.t.Helper()
	require.NoError(w.t, w.Write(w.t.Context(), websocket.MessageText, []byte(text)))
}

func (w *wire) sendBinary(data ...byte) {
	w.t.Helper()
	require.NoError(w.t, w.Write(w.t.Context(), websocket.MessageBinary, data))
}

func (w *wire) read() (websocket.MessageType, []byte, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), patient)
	defer cancel()
	typ, data, err := w.Read(ctx)
	require.NoError(w.t, ctx.Err(), "nothing comes")
	return typ, data, err
}

func (w *wire) next() string {
	w.t.Helper()
	typ, data, err := w.read()
	require.NoError(w.t, err)
	require.Equal(w.t, websocket.MessageText, typ)
	return string(data)
}

func (w *wire) nextBinary() []byte {
	w.t.Helper()
	typ, data, err := w.read()
	require.NoError(w.t, err)
	require.Equal(w.t, websocket.MessageBinary, typ)
	return data
}

// closed waits until the server has closed the connection and returns the texts
// that came before.
func (w *wire) closed() []string {
	w.t.Helper()
	var before []string
	for {
		_, data, err := w.read()
		if err != nil {
			return before
		}
		before = append(before, string(data))
	}
}

// request is a request over HTTP.
func (sys *system) request(t testing.TB, method, query, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, sys.http.URL+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
	require.NoError(t, err)
	resp, err := sys.http.Client().Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}
