package socketio_test

import (
	"bytes"
	"context"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio"
	"son1k/internal/realtime/socketio/engineio"
)

// connected joins and returns the server's side too.
func (sys *system) connected(t testing.TB) (*wire, *socketio.Socket) {
	t.Helper()
	got := make(chan *socketio.Socket, 1)
	sys.Of("/").OnConnect(func(s *socketio.Socket) { got <- s; _ = s.Emit("auth", s.Auth()) })
	return sys.join(t), <-got
}

func TestSocket(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	w, s := sys.connected(t)
	require.Same(t, s, sys.Of("/").Socket(s.ID()))
	require.Equal(t, "/", s.Namespace().Name())
	require.Equal(t, engineio.WebSocket, s.Transport())
	require.Equal(t, "red", s.Request().Query.Get("color"))
	require.Eventually(t, func() bool { return s.Auth() == nil }, patient, pollEach, "secrets are not kept")
	s.SetData(7)
	require.Equal(t, 7, s.Data())
	s.Join("a")
	s.Join("b")
	s.Leave("a")
	require.Equal(t, []string{"b"}, s.Rooms())
	require.Error(t, s.Emit("connect"))
	require.Error(t, s.Emit("x", func() {}))
	ctx := s.Context()
	require.NoError(t, ctx.Err())
	require.NoError(t, w.CloseNow())
	<-ctx.Done()
	require.Equal(t, socketio.Reason("transport close"), <-sys.gone)
	require.Empty(t, s.Rooms())
	require.Zero(t, sys.Of("/").RoomLen("b"))
	require.ErrorIs(t, s.Emit("x"), socketio.ErrClosed)
	_, err := s.EmitAck(t.Context(), "x")
	require.ErrorIs(t, err, socketio.ErrClosed)
	s.Join("c")
	require.Zero(t, sys.Of("/").RoomLen("c"), "nobody would take it out again")
	s.Disconnect(true)
}

// Events are handled in order, while the heartbeat and acknowledgements go on.
func TestHandlersMayBlock(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{PingInterval: 20 * time.Millisecond, PingTimeout: 5 * time.Second})
	proceed := make(chan struct{})
	var mu sync.Mutex
	var order []string
	sys.Of("/blocking").On("n", func(_ *socketio.Socket, e *socketio.Event) {
		<-proceed
		mu.Lock()
		defer mu.Unlock()
		order = append(order, string(e.Arg(0).JSON()))
		if e.WantsAck() {
			_ = e.Ack()
		}
	})
	w := sys.dial(t)
	w.send("40/blocking,")
	require.Contains(t, w.next(), `"sid"`)
	for i := range 50 {
		w.send(`42/blocking,["n",` + strconv.Itoa(i) + `]`)
	}
	w.send(`42/blocking,1["n",50]`)
	for range 3 {
		require.Equal(t, "2", w.next())
		w.send("3")
	}
	close(proceed)
	for got := w.next(); got != "43/blocking,1[]"; got = w.next() {
		require.Equal(t, "2", got)
		w.send("3")
	}
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, order, 51)
	for i, n := range order {
		require.Equal(t, strconv.Itoa(i), n)
	}
}

func TestAFloodIsClosed(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{MaxPending: 10})
	proceed := make(chan struct{})
	why := make(chan socketio.Reason, 1)
	n := sys.Of("/blocking")
	n.On("n", func(*socketio.Socket, *socketio.Event) { <-proceed })
	n.OnDisconnect(func(_ *socketio.Socket, reason socketio.Reason) { why <- reason })
	w := sys.dial(t)
	w.send("40/blocking,")
	require.Contains(t, w.next(), `"sid"`)
	for range 12 {
		w.send(`42/blocking,["n"]`)
	}
	w.closed()
	close(proceed)
	require.Equal(t, socketio.Flood, <-why)
	require.EqualValues(t, 1, sys.Stats().Floods)
}

func TestAPanicEndsTheSocketOnly(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var logged bytes.Buffer
	log := slog.New(slog.NewTextHandler(lockedWriter{&mu, &logged}, nil))
	sys := setup(t, socketio.Options{Log: log})
	sys.Of("/panics").Authorize(func(*socketio.Socket) error { panic("in Authorize") })
	other := sys.join(t)
	w := sys.join(t)
	w.send(`42["panic"]`)
	require.Equal(t, "41", w.next())
	w.send("40/panics")
	require.Equal(t, `44/panics,{"message":"Internal error"}`, w.next())
	other.send(`42["message"]`)
	require.Equal(t, `42["message-back"]`, other.next())
	mu.Lock()
	defer mu.Unlock()
	require.Contains(t, logged.String(), "as the test wishes")
	require.Contains(t, logged.String(), "in Authorize")
}

type lockedWriter struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

func TestAnAckIsSentOnce(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	errs := make(chan error, 2)
	sys.Of("/").On("twice", func(_ *socketio.Socket, e *socketio.Event) {
		_ = e.Ack(1)
		errs <- e.Ack(2)
	})
	w := sys.join(t)
	w.send(`427["twice"]`)
	w.send(`42["twice"]`)
	require.Equal(t, "437[1]", w.next())
	require.ErrorIs(t, <-errs, socketio.ErrNoAck)
	require.ErrorIs(t, <-errs, socketio.ErrNoAck)
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	a, first := sys.connected(t)
	b, second := sys.connected(t)
	c, _ := sys.connected(t)
	main := sys.Of("/")
	first.Join("x")
	first.Join("y")
	second.Join("y")
	require.Equal(t, 2, main.RoomLen("y"))
	require.NoError(t, main.To("x", "y").Emit("one"))
	require.NoError(t, main.To("y").Except(first).Emit("two"))
	require.NoError(t, main.Emit("three", socketio.Binary{1}))
	require.Error(t, main.Emit("three", func() {}))
	require.Equal(t, `42["one"]`, a.next())
	require.Equal(t, `451-["three",{"_placeholder":true,"num":0}]`, a.next(), "each once")
	require.Equal(t, []byte{1}, a.nextBinary())
	require.Equal(t, `42["one"]`, b.next())
	require.Equal(t, `42["two"]`, b.next())
	require.Equal(t, `451-["three",{"_placeholder":true,"num":0}]`, c.next())
}

// A broadcast closes a client that does not read, and reaches the others.
func TestBroadcastWithASlowClient(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{BufferBytes: 200_000})
	sys.join(t) // and reads no more
	quick := sys.join(t)
	p, err := socketio.EncodeEvent("/", "data", string(bytes.Repeat([]byte("x"), 10_000)))
	require.NoError(t, err)
	main := sys.Of("/")
	for sent := 0; main.Len() == 2; sent++ {
		main.To().Send(p)
		require.Len(t, quick.next(), 10_013)
	}
	require.Equal(t, socketio.Reason("slow"), <-sys.gone)
	main.To().SendLatest("key", p)
	require.Len(t, quick.next(), 10_013)
}

// Stop ends the contexts of handlers, and waits for them.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{Drain: 20 * time.Millisecond})
	started := make(chan struct{})
	done := make(chan error, 1)
	sys.Of("/").On("work", func(s *socketio.Socket, _ *socketio.Event) {
		close(started)
		<-s.Context().Done()
		done <- context.Cause(s.Context())
	})
	w := sys.join(t)
	w.send(`42["work"]`)
	<-started
	sys.Stop()
	select {
	case err := <-done:
		require.ErrorIs(t, err, context.Canceled)
	default:
		t.Fatal("Stop did not wait for the handler")
	}
	require.Equal(t, socketio.Reason("server shutting down"), <-sys.gone)
	require.Empty(t, w.closed(), "no packet tells the client not to come back")
	require.Zero(t, sys.Stats().Sockets)
	sys.Stop()
}
