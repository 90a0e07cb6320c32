package realtime_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

// Stop says to every client that it should come back.
func TestStopSaysRestart(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, nil), uuid.New()
	var clients []client
	for range 200 {
		c, _, _ := r.join(t, ana, "")
		clients = append(clients, c)
	}
	require.Equal(t, 200, r.hub.Sockets())
	var readers sync.WaitGroup
	for _, c := range clients {
		readers.Go(func() {
			reason, _ := c.requireClosed(t, websocket.StatusServiceRestart)
			require.Equal(t, "the server restarts; reconnect", reason)
		})
	}
	r.hub.Stop()
	require.Zero(t, r.hub.Sockets())
	r.hub.Stop()
	readers.Wait()
	require.Error(t, r.hub.Start(t.Context()))
	res, err := http.Get(r.server.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
}

// Clients that do not answer, do not read, have stopped in the middle of a
// frame, or have not said who they are do not keep Stop waiting.
func TestStopWaitsForNobodyLong(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, limits(realtime.Limits{Close: 200 * time.Millisecond, QueueBytes: 64 << 20})), uuid.New()
	ticket := func() string { return "?ticket=" + s.people.ticket(ana) }
	silent := r.openRude(t, ticket())
	r.openRude(t, "")
	half := r.openRude(t, ticket())
	half.header(t, 1, 100)
	long := r.openRude(t, ticket())
	long.header(t, 1, 1<<30)
	_, err := long.Write(make([]byte, 65<<10))
	require.NoError(t, err)
	gone := r.openRude(t, ticket())
	require.NoError(t, gone.Close())
	fast, _, _ := r.join(t, ana, "") // has read everything when the others are stuck in a write
	for range 200 {
		s.publish(t, ana, "song", make([]byte, 10_000))
	}
	for range 200 {
		fast.read(t)
	}
	began := time.Now()
	r.hub.Stop()
	require.Less(t, time.Since(began), 4*time.Second, "the library would wait for 10 s, or for ever")
	require.NotEmpty(t, silent)
}

// A request that hangs in the database does not keep Stop waiting either.
func TestStopInterruptsRequests(t *testing.T) {
	t.Parallel()
	hangs := make(chan struct{})
	r := newSystem(t).serve(t, withSnapshots(func(ctx context.Context, _, _ uuid.UUID) (string, any, error) {
		close(hangs)
		<-ctx.Done()
		return "", nil, ctx.Err()
	}))
	c, _, _ := r.join(t, uuid.New(), "")
	c.send(t, fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, uuid.New()))
	<-hangs
	began := time.Now()
	stopped := make(chan struct{})
	go func() { r.hub.Stop(); close(stopped) }()
	_, before := c.requireClosed(t, websocket.StatusServiceRestart)
	require.Empty(t, before)
	<-stopped
	require.Less(t, time.Since(began), 8*time.Second, "a request may take 10 s")
}

// A crash in a handler ends its own connection, and nothing stays behind.
func TestPanicEndsTheConnection(t *testing.T) {
	t.Parallel()
	r := newSystem(t).serve(t, withSnapshots(func(context.Context, uuid.UUID, uuid.UUID) (string, any, error) {
		panic(http.ErrAbortHandler) // which net/http does not print
	}))
	c, _, _ := r.join(t, uuid.New(), "")
	c.send(t, fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, uuid.New()))
	c.requireClosed(t, websocket.StatusInternalError)
	require.Eventually(t, func() bool { return r.hub.Sockets() == 0 && r.feed.Topics() == 1 }, patient, pollEach)
}

// It runs alone, before the parallel tests, because it counts goroutines.
func TestConnectionsLeaveNothingBehind(t *testing.T) {
	s := newSystem(t)
	r, ana := s.serve(t, limits(realtime.Limits{AuthTimeout: 10 * time.Millisecond, Close: time.Second})), uuid.New()
	cycle := func(n int) {
		switch n % 6 {
		case 0:
			c, _, _ := r.join(t, ana, "")
			require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
		case 1:
			c, _, _ := r.join(t, ana, "&after=0")
			require.NoError(t, c.CloseNow())
		case 2: // gone in the middle of subscribing
			require.NoError(t, r.openRude(t, "?ticket="+s.people.ticket(ana)+"&after=0").Close())
		case 3:
			r.open(t, "").requireClosed(t, realtime.CloseUnauthorized)
		case 4:
			r.open(t, "?ticket=bad").requireClosed(t, realtime.CloseUnauthorized)
		case 5:
			c, _, _ := r.join(t, ana, "")
			require.NoError(t, c.Write(c.ctx, websocket.MessageBinary, nil))
			c.requireClosed(t, websocket.StatusUnsupportedData)
		}
	}
	quietNow := func() bool { return r.hub.Sockets() == 0 && r.feed.Topics() == 1 }
	for n := range 12 {
		cycle(n)
	}
	require.Eventually(t, quietNow, patient, pollEach)
	s.publish(t, ana, "song", 0)
	baseline := runtime.NumGoroutine()
	for n := range 300 {
		cycle(n)
	}
	require.Eventually(t, quietNow, patient, pollEach)
	require.Eventually(t, func() bool { return runtime.NumGoroutine() <= baseline+5 }, patient, pollEach,
		"%d goroutines, not %d", runtime.NumGoroutine(), baseline)
}
