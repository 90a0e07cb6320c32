package realtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

func (c client) awaitTyping(t testing.TB, user uuid.UUID, is bool) {
	t.Helper()
	frames := c.awaitOf(t, "user_typing", user)
	require.Equal(t, is, frames[len(frames)-1].get(t, "isTyping"))
}

// The others learn who is typing, on both replicas; the typist does not, in no
// tab. To go on typing is no news.
func TestTyping(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{Typing: time.Hour}))
	ana, _ := st.enter(t, st.one, st.ana)
	ben, _ := st.enter(t, st.two, st.ben)
	tab, _ := st.enter(t, st.one, st.ben)
	for _, text := range []string{
		about("typing_stop", st.room, ""), // was not
		about("typing_start", st.room, ""),
		fmt.Sprintf(`{"type":"typing_start","id":1,"data":%q}`, st.room),
		about("typing_stop", st.room, ""),
		about("typing_stop", st.room, ""),
	} {
		ben.requireAck(t, text)
		ben.before(t, st.mark(t)) // so that the sender has no two to choose from
	}
	mark := st.mark(t)
	told := ofUser(t, ana.before(t, mark), "user_typing", st.ben)
	require.Len(t, told, 2)
	for i, is := range []string{"true", "false"} {
		require.JSONEq(t, fmt.Sprintf(`{"roomId":%q,"userId":%q,"username":%q,"isTyping":%s}`, st.room, st.ben, nameOf(st.ben), is), string(told[i].Data))
		require.Equal(t, roomTopic(st.room), told[i].Topic)
		require.Zero(t, told[i].Seq)
	}
	require.NotContains(t, typesOf(tab.before(t, mark)), "user_typing")
	require.NotContains(t, typesOf(ben.before(t, mark)), "user_typing")
}

// Typing ends with its time, with the stay in the room, and with the
// connection, however that ends.
func TestTypingEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, st *stage, c client){
		"leave":      func(t *testing.T, st *stage, c client) { c.send(t, about("leave_room", st.room, "")) },
		"disconnect": func(t *testing.T, _ *stage, c client) { require.NoError(t, c.CloseNow()) },
		"removed": func(t *testing.T, st *stage, _ client) {
			require.NoError(t, st.rooms.remove(t.Context(), st.room, st.ben))
		},
		"stop": func(_ *testing.T, st *stage, _ client) { st.two.hub.Stop() },
		"message after which it stops": func(t *testing.T, st *stage, c client) {
			c.requireAck(t, about("typing_stop", st.room, ""))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, limits(realtime.Limits{Typing: time.Hour, Close: 100 * time.Millisecond}))
			ana, _ := st.enter(t, st.one, st.ana)
			ben, _ := st.enter(t, st.two, st.ben)
			ben.requireAck(t, about("typing_start", st.room, ""))
			ana.awaitTyping(t, st.ben, true)
			end(t, st, ben)
			ana.awaitTyping(t, st.ben, false)
		})
	}
	t.Run("by itself", func(t *testing.T) {
		t.Parallel()
		st := newStage(t, limits(realtime.Limits{Typing: 50 * time.Millisecond}))
		ana, _ := st.enter(t, st.one, st.ana)
		ben, _ := st.enter(t, st.two, st.ben)
		for range 3 {
			ben.requireAck(t, about("typing_start", st.room, ""))
			// The beginning may have been overtaken by the end.
			frames := ana.awaitAll(t, func(f frame) bool {
				return isOf(t, f, "user_typing", st.ben) && f.get(t, "isTyping") == false
			})
			require.LessOrEqual(t, len(ofUser(t, frames, "user_typing", st.ben)), 2)
		}
		require.Empty(t, ofUser(t, ana.before(t, st.mark(t)), "user_typing", st.ben))
	})
}

// Chat has a limit of its own, for each connection, which stops nothing else.
func TestChatRateLimit(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{ChatRate: 1e-3, ChatBurst: 3}))
	ben, _ := st.enter(t, st.one, st.ben)
	tab, _ := st.enter(t, st.two, st.ben)
	answers := make(map[string]int)
	for range 6 {
		f := ben.requireAck(t, post(st.room, "spam"))
		answers[f.Type]++
		if f.Type == "error" {
			require.Equal(t, "RATE_LIMITED", f.get(t, "code"))
			require.Equal(t, `"it"`, string(f.ID))
		}
	}
	require.Equal(t, map[string]int{"ack": 3, "error": 3}, answers)
	require.Equal(t, "ack", ben.requireAck(t, about("typing_start", st.room, "")).Type)
	tab.send(t, post(st.room, "last"))
	frames := tab.awaitAll(t, func(f frame) bool { return f.Seq == 4 }, func(f frame) bool { return f.Type == "ack" })
	require.Equal(t, upTo(1, 4), seqsOf(frames))
}
