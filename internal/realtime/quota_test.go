package realtime_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

// requireFull: one more socket is refused, and the client learns why.
func (r *replica) requireFull(t testing.TB, user uuid.UUID) {
	t.Helper()
	reason, before := r.open(t, "?ticket="+r.people.ticket(user)).requireClosed(t, realtime.CloseFlood)
	require.True(t, strings.HasPrefix(reason, "TOO_MANY_CONNECTIONS: "), reason)
	require.Empty(t, before)
}

// awaitPlace tries until a socket is let in.
func (r *replica) awaitPlace(t testing.TB, user uuid.UUID) (c client) {
	t.Helper()
	require.Eventually(t, func() bool {
		c = r.open(t, "?ticket="+r.people.ticket(user))
		_, _, err := c.Read(c.ctx)
		return err == nil // else it is full
	}, patient, pollEach)
	return c
}

// A user's sockets are counted over all replicas, and given back however they
// end.
func TestSocketsPerUser(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{PerUser: 3}))
	first, _, _ := st.one.join(t, st.ana, "")
	second, _, _ := st.one.join(t, st.ana, "")
	third, _, _ := st.two.join(t, st.ana, "")
	for _, r := range st.replicas() {
		r.requireFull(t, st.ana)
		r.join(t, st.ben, "")
	}
	require.EqualValues(t, 1, st.one.hub.Stats().Flooded)
	require.NoError(t, first.Close(websocket.StatusNormalClosure, ""))
	fourth := st.two.awaitPlace(t, st.ana)
	st.one.requireFull(t, st.ana)
	require.NoError(t, third.CloseNow())
	st.one.awaitPlace(t, st.ana)
	st.two.requireFull(t, st.ana)
	for _, c := range []client{second, fourth} {
		c.requireAlive(t)
	}
	st.one.hub.Stop() // closes with 1012 those that answer
	st.one.tracker.Stop()
	st.two.awaitPlace(t, st.ana)
	st.two.awaitPlace(t, st.ana)
	st.two.requireFull(t, st.ana)
}

func TestSocketsPerAddress(t *testing.T) {
	t.Parallel()
	var address atomic.Value
	address.Store("192.0.2.1")
	st := newStage(t, func(c *realtime.Config) {
		c.Limits = realtime.Limits{PerIP: 2, PerUser: 100}
		c.ClientIP = func(string, http.Header) string { return address.Load().(string) }
	})
	st.one.join(t, uuid.New(), "")
	c, _, _ := st.two.join(t, uuid.New(), "")
	for _, r := range st.replicas() {
		r.requireFull(t, st.ana)
	}
	address.Store("192.0.2.2")
	st.one.join(t, st.ana, "")
	address.Store("192.0.2.1")
	require.NoError(t, c.CloseNow())
	st.one.awaitPlace(t, st.ana)
	st.two.requireFull(t, st.ana)
}

// Of many that come at once, to both replicas, no more are let in than may be;
// those that were refused take no places.
func TestSocketsAtOnce(t *testing.T) {
	t.Parallel()
	const most = 4
	st := newStage(t, limits(realtime.Limits{PerUser: most}))
	for round := range 3 {
		user := uuid.New()
		var in atomic.Int64
		var wg sync.WaitGroup
		for n := range 6 * most {
			c := st.replicas()[n%2].open(t, "?ticket="+st.people.ticket(user))
			wg.Go(func() {
				if _, _, err := c.Read(c.ctx); err == nil {
					in.Add(1)
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, in.Load(), int64(most), "round %d", round)
		for in.Load() < most {
			st.one.awaitPlace(t, user)
			in.Add(1)
		}
		st.two.requireFull(t, user)
	}
}

// Sockets are counted by why they were closed; one that broke was not slow.
func TestStatsTellWhy(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{FrameRate: 1e-3, FrameBurst: 5}))
	c, _, _ := st.one.join(t, st.ana, "")
	for range 20 {
		_ = c.Write(c.ctx, websocket.MessageText, []byte(`{"type":"ping"}`)) // may be closed already
	}
	c.requireClosed(t, realtime.CloseFlood)
	require.EqualValues(t, 1, st.one.hub.Stats().Flooded)
	broken, _, _ := st.two.join(t, st.ben, "")
	for n := range 500 {
		require.NoError(t, st.publisher.Ephemeral(topicOf(st.ben), fmt.Sprint(n), "tick", n))
	}
	broken.until(t, "tick")
	require.NoError(t, broken.CloseNow())
	require.Eventually(t, func() bool { return st.two.hub.Sockets() == 0 }, patient, pollEach)
	require.Zero(t, st.two.hub.Stats().Slow)
	require.Zero(t, st.two.hub.Stats().Flooded)
}
