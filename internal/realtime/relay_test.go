package realtime_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
	"son1k/internal/realtime"
)

func newRelayStage(t *testing.T) *stage {
	t.Helper()
	s := newSystem(t)
	relay := realtime.NewRelay(s.publisher, presence.NewReader(s.pool), quiet())
	require.NoError(t, relay.Start(t.Context()))
	t.Cleanup(relay.Stop)
	st := &stage{system: s, one: s.serve(t, nil), two: s.serve(t, nil), ana: uuid.New(), ben: uuid.New(), cleo: uuid.New()}
	st.room = s.rooms.open(st.ana, st.ben, st.cleo)
	return st
}

// The rooms where a user is see how the user's songs get on, and no others.
func TestRelay(t *testing.T) {
	t.Parallel()
	st := newRelayStage(t)
	other := st.rooms.open(st.ana, st.cleo)   // where ana is too
	without := st.rooms.open(st.ana, st.cleo) // where ana is a member, and not there
	ana, _ := st.enter(t, st.one, st.ana)
	ana.enter(t, other)
	ben, _ := st.enter(t, st.two, st.ben)
	cleo, _, _ := st.two.join(t, st.cleo, "")
	cleo.enter(t, other)
	outside, _, _ := st.one.join(t, st.cleo, "")
	outside.enter(t, without)
	song := uuid.New()

	require.NoError(t, st.publisher.Ephemeral(topicOf(st.ana), "song", "generation:progress",
		map[string]any{"generationId": song, "progress": 40, "status": "processing", "stage": "mixing"}))
	for c, room := range map[client]uuid.UUID{ben: st.room, cleo: other} {
		f := c.await(t, "user_generation_update")
		require.Equal(t, roomTopic(room), f.Topic)
		require.Zero(t, f.Seq)
		require.Equal(t, map[string]any{"id": st.ana.String(), "username": nameOf(st.ana), "tier": "PRO"}, f.get(t, "user"))
		require.Equal(t, song.String(), f.get(t, "generationId"))
		require.Equal(t, "processing", f.get(t, "status"))
		require.EqualValues(t, 40, f.get(t, "progress"))
		_, err := time.Parse(time.RFC3339, f.get(t, "timestamp").(string))
		require.NoError(t, err)
	}
	st.publish(t, st.ana, "generation:complete", map[string]any{"generationId": song, "status": "completed", "audioUrl": "secret"})
	for _, c := range []client{ben, cleo} {
		f := c.await(t, "user_generation_update")
		require.Equal(t, "completed", f.get(t, "status"))
		require.EqualValues(t, 100, f.get(t, "progress"))
		require.NotContains(t, string(f.Data), "secret")
	}
	failed := uuid.New()
	st.publish(t, st.ana, "generation:error", map[string]any{"generationId": failed, "status": "failed", "error": "secret"})
	f := ben.await(t, "user_generation_update")
	require.Equal(t, failed.String(), f.get(t, "generationId"))
	require.Equal(t, "failed", f.get(t, "status"))
	require.NotContains(t, string(f.Data), "secret")

	require.NoError(t, st.publisher.Ephemeral(topicOf(st.cleo), "", "end", nil))
	require.NotContains(t, typesOf(outside.until(t, "end")), "user_generation_update")
}

// What is no news of a song, or nobody's, is not relayed; nor is anything to a
// room that the user has left.
func TestRelayIsSilent(t *testing.T) {
	t.Parallel()
	st := newRelayStage(t)
	left := st.rooms.open(st.ana, st.ben)
	ana, _ := st.enter(t, st.one, st.ana)
	ana.enter(t, left)
	ben, _ := st.enter(t, st.two, st.ben)
	ben.enter(t, left)
	ana.send(t, about("leave_room", left, ""))
	ben.awaitOf(t, "user_left", st.ana)
	song := map[string]any{"generationId": uuid.New(), "status": "completed"}
	for topic, e := range map[string]struct {
		typ  string
		data any
	}{
		topicOf(uuid.New()):    {"generation:complete", song},
		roomTopic(st.room):     {"generation:complete", song},
		"system":               {"generation:complete", song},
		topicOf(st.ana):        {"notification", song},
		topicOf(st.ana) + " ":  {"generation:complete", song},
		topicOf(st.ben) + "'x": {"generation:complete", song},
	} {
		require.NoError(t, st.publisher.Ephemeral(topic, "x", e.typ, e.data))
	}
	for n, data := range []any{nil, "x", []int{1}, map[string]any{"generationId": "x"}, map[string]any{"status": "completed"}} {
		require.NoError(t, st.publisher.Ephemeral(topicOf(st.ana), string(rune('a'+n)), "generation:progress", data))
	}
	last := uuid.New()
	require.NoError(t, st.publisher.Ephemeral(topicOf(st.ana), "last", "generation:progress", map[string]any{"generationId": last, "progress": 1}))
	frames := ben.until(t, "user_generation_update")
	f := frames[len(frames)-1]
	require.Equal(t, last.String(), f.get(t, "generationId"))
	require.Equal(t, roomTopic(st.room), f.Topic)
	require.NotContains(t, typesOf(ben.before(t, st.mark(t))), "user_generation_update")
}
