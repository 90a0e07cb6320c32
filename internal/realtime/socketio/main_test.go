package socketio_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"son1k/internal/realtime/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patient  = 30 * time.Second
	pollEach = 5 * time.Millisecond
)

// system is a server that tests talk to.
type system struct {
	*socketio.Server
	http *httptest.Server
	gone chan socketio.Reason // of sockets of the main namespace
}

// setup starts a server with the events that tests use.
func setup(t testing.TB, opts socketio.Options) *system {
	t.Helper()
	sys := newSystem(opts)
	sys.http = httptest.NewServer(sys)
	t.Cleanup(sys.http.Close)
	t.Cleanup(sys.Stop)
	return sys
}

func newSystem(opts socketio.Options) *system {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	sys := &system{Server: socketio.New(opts), gone: make(chan socketio.Reason, 10_000)}
	for _, name := range []string{"/", "/custom"} {
		sys.handle(sys.Of(name))
	}
	return sys
}

func (sys *system) handle(n *socketio.Namespace) {
	n.Authorize(func(s *socketio.Socket) error {
		var auth struct{ Token string }
		if err := json.Unmarshal(s.Auth(), &auth); err != nil {
			return err
		}
		if auth.Token == "wrong" {
			return &socketio.ConnectError{Message: "not authorized", Data: map[string]string{"code": "TOKEN"}}
		}
		return nil
	})
	n.OnConnect(func(s *socketio.Socket) { _ = s.Emit("auth", s.Auth()) })
	n.OnDisconnect(func(_ *socketio.Socket, why socketio.Reason) { sys.gone <- why })
	n.On("message", func(s *socketio.Socket, e *socketio.Event) { _ = s.Emit("message-back", anys(e.Args)...) })
	n.On("echo", func(_ *socketio.Socket, e *socketio.Event) { _ = e.Ack(anys(e.Args)...) })
	n.On("ask", ask)
	n.On("sizes", sizes)
	n.On("join", func(s *socketio.Socket, e *socketio.Event) { s.Join(text(e.Arg(0))); _ = e.Ack() })
	n.On("say", func(s *socketio.Socket, e *socketio.Event) {
		_ = n.To(text(e.Arg(0))).Except(s).Emit("said", e.Arg(1))
	})
	n.On("throw me out", func(s *socketio.Socket, _ *socketio.Event) { s.Disconnect(false) })
	n.On("close my connection", func(s *socketio.Socket, _ *socketio.Event) { s.Disconnect(true) })
	n.On("panic", func(*socketio.Socket, *socketio.Event) { panic("as the test wishes") })
}

// ask asks the client and passes its answer on.
func ask(s *socketio.Socket, e *socketio.Event) {
	ctx, cancel := context.WithTimeout(s.Context(), 200*time.Millisecond)
	defer cancel()
	answer, err := s.EmitAck(ctx, text(e.Arg(0)), anys(e.Args[1:])...)
	if err != nil {
		_ = e.Ack("no answer")
		return
	}
	_ = e.Ack(anys(answer))
}

// sizes tells the client how long its binaries are.
func sizes(s *socketio.Socket, e *socketio.Event) {
	lengths := make([]any, len(e.Args))
	for i, v := range e.Args {
		var data []byte
		_ = v.Decode(&data)
		lengths[i] = len(data)
	}
	_ = s.Emit("sizes", lengths...)
}

func text(v socketio.Value) string {
	var s string
	_ = v.Decode(&s)
	return s
}

func anys(values []socketio.Value) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}

// eventually waits until a condition holds.
func eventually(t testing.TB, condition func() bool, what string) {
	t.Helper()
	require.Eventually(t, condition, patient, pollEach, what)
}
