package realtime_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

// A thousand come, do something in a room and go, in all ways; then nothing of
// them is left. It runs alone, before the parallel tests, because it counts
// goroutines and memory.
func TestVisitorsLeaveNothingBehind(t *testing.T) {
	st := newStage(t, limits(realtime.Limits{Close: time.Second}))
	people := []uuid.UUID{st.ana, st.ben, st.cleo}
	visit := func(t *testing.T, n int) {
		c, _ := st.enter(t, st.replicas()[n%2], people[n%3])
		c.requireAck(t, about("typing_start", st.room, ""))
		switch n % 5 {
		case 0:
			c.requireAck(t, post(st.room, "hello"))
			require.NoError(t, c.CloseNow())
		case 1:
			c.send(t, about("leave_room", st.room, ""))
			c.await(t, "room_left")
			require.NoError(t, c.Close(websocket.StatusNormalClosure, ""))
		case 2:
			c.enter(t, st.room)
			require.NoError(t, c.CloseNow())
		case 3:
			c.send(t, about("join_room", st.room, `,"after":0`)) // and does not wait
			require.NoError(t, c.CloseNow())
		case 4:
			require.NoError(t, c.Write(c.ctx, websocket.MessageBinary, nil))
			c.requireClosed(t, websocket.StatusUnsupportedData)
		}
	}
	crowd := func(t *testing.T, visits int) {
		var wg sync.WaitGroup
		for worker := range 8 {
			wg.Go(func() {
				for n := worker; n < visits; n += 8 {
					visit(t, n)
				}
			})
		}
		wg.Wait()
	}
	requireEmpty := func() (goroutines int, heap uint64) {
		for _, r := range st.replicas() {
			require.Eventually(t, func() bool {
				s := r.hub.Stats()
				return s.Sockets == 0 && s.Users == 0 && s.Rooms == 0 && s.Topics == 1
			}, patient, pollEach, "%+v", r.hub.Stats())
		}
		require.Eventually(t, func() bool {
			var rows int
			err := st.pool.QueryRow(t.Context(), "SELECT count(*) FROM events.presence").Scan(&rows)
			return err == nil && rows == 0
		}, patient, pollEach)
		http := runtime.NumGoroutine()
		require.Eventually(t, func() bool { // those of closed connections end soon
			before := http
			http = runtime.NumGoroutine()
			return http >= before
		}, patient, 100*time.Millisecond)
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return http, m.HeapAlloc
	}
	t.Run("some", func(t *testing.T) { crowd(t, 100) }) // which itself leaves nothing
	goroutines, heap := requireEmpty()
	t.Run("many", func(t *testing.T) { crowd(t, 1000) })
	after, heapAfter := requireEmpty()
	require.LessOrEqual(t, after, goroutines+8)
	require.LessOrEqual(t, heapAfter, heap+4<<20)
	require.EqualValues(t, 1100, st.one.hub.Stats().Accepted+st.two.hub.Stats().Accepted)
}
