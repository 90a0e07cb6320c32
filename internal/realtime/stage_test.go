package realtime_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

// stage is a room, its members, and two replicas for them to be on.
type stage struct {
	*system
	one, two       *replica
	room           uuid.UUID
	ana, ben, cleo uuid.UUID
}

func newStage(t testing.TB, change func(*realtime.Config)) *stage {
	t.Helper()
	s := newSystem(t)
	st := &stage{system: s, one: s.serve(t, change), two: s.serve(t, change), ana: uuid.New(), ben: uuid.New(), cleo: uuid.New()}
	st.room = s.rooms.open(st.ana, st.ben, st.cleo)
	return st
}

func (st *stage) replicas() []*replica { return []*replica{st.one, st.two} }

// enter opens a socket of the user's and joins the room.
func (st *stage) enter(t testing.TB, r *replica, user uuid.UUID) (c client, joined frame) {
	t.Helper()
	c, _, _ = r.join(t, user, "")
	return c, c.enter(t, st.room)
}

func (c client) enter(t testing.TB, room uuid.UUID) frame {
	t.Helper()
	c.send(t, about("join_room", room, ""))
	return c.await(t, "room_joined")
}

// about is a request about a room, with more fields in its data.
func about(typ string, room uuid.UUID, more string) string {
	return fmt.Sprintf(`{"type":%q,"id":"it","data":{"roomId":%q%s}}`, typ, room, more)
}

func post(room uuid.UUID, text string) string {
	return about("collaboration_message", room, fmt.Sprintf(`,"message":%q,"type":"text"`, text))
}

func roomTopic(room uuid.UUID) string { return "room:" + room.String() }

// await reads up to the next frame of a type, and returns that.
func (c client) await(t testing.TB, typ string) frame {
	t.Helper()
	frames := c.until(t, typ)
	return frames[len(frames)-1]
}

// awaitWhere reads up to the first frame that is wanted, and returns all.
func (c client) awaitWhere(t testing.TB, wanted func(frame) bool) (frames []frame) {
	t.Helper()
	for {
		f := c.read(t)
		frames = append(frames, f)
		if wanted(f) {
			return frames
		}
	}
}

// mark makes an event of the room's by which all know that they have read what
// was sent over the channel of the events before.
func (st *stage) mark(t testing.TB) string {
	t.Helper()
	text := uuid.NewString()
	require.NoError(t, st.rooms.say(t.Context(), st.room, "mark", text))
	return text
}

// before reads up to a mark and returns what came before it.
func (c client) before(t testing.TB, mark string) []frame {
	t.Helper()
	frames := c.awaitWhere(t, func(f frame) bool { return f.Type == "mark" && strings.Contains(string(f.Data), mark) })
	return frames[:len(frames)-1]
}

// awaitPresence reads until it is told that exactly these users are there.
func (c client) awaitPresence(t testing.TB, want ...uuid.UUID) (frames []frame) {
	t.Helper()
	return c.awaitAll(t, presenceOf(t, want...))
}

func presenceOf(t testing.TB, want ...uuid.UUID) func(frame) bool {
	ids := idsOf(want)
	return func(f frame) bool { return f.Type == "presence" && slices.Equal(usersIn(t, f), ids) }
}

func eventOf(t testing.TB, typ string, user uuid.UUID) func(frame) bool {
	return func(f frame) bool { return isOf(t, f, typ, user) }
}

// awaitAll reads until each kind of frame has come, in whatever order.
func (c client) awaitAll(t testing.TB, wanted ...func(frame) bool) []frame {
	t.Helper()
	return c.awaitWhere(t, func(f frame) bool {
		wanted = slices.DeleteFunc(wanted, func(is func(frame) bool) bool { return is(f) })
		return len(wanted) == 0
	})
}

// requirePresent waits until the table says that exactly these users are there.
func (st *stage) requirePresent(t testing.TB, room uuid.UUID, want ...uuid.UUID) {
	t.Helper()
	ids := idsOf(want)
	require.Eventually(t, func() bool { return slices.Equal(st.present(t, room), ids) }, patient, pollEach, "%s", ids)
}

func (st *stage) present(t testing.TB, room uuid.UUID) []string {
	t.Helper()
	places, err := st.two.tracker.List(t.Context(), []string{roomTopic(room)}, 1000)
	require.NoError(t, err)
	return peopleIn(t, places[0].Infos)
}

func idsOf(users []uuid.UUID) []string {
	ids := make([]string, 0, len(users))
	for _, u := range users {
		ids = append(ids, u.String())
	}
	slices.Sort(ids)
	return ids
}

// usersIn is who a frame says is there.
func usersIn(t testing.TB, f frame) []string {
	t.Helper()
	var data struct{ Users json.RawMessage }
	require.NoError(t, json.Unmarshal(f.Data, &data))
	return peopleIn(t, data.Users)
}

func peopleIn(t testing.TB, list json.RawMessage) []string {
	t.Helper()
	var people []struct{ ID, Username, Tier string }
	require.NoError(t, json.Unmarshal(list, &people), "%s", list)
	ids := make([]string, 0, len(people))
	for _, p := range people {
		require.Equal(t, "PRO", p.Tier)
		require.Equal(t, nameOf(uuid.MustParse(p.ID)), p.Username)
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return ids
}

// ofUser are the frames of a type that are about a user.
func ofUser(t testing.TB, frames []frame, typ string, user uuid.UUID) (found []frame) {
	t.Helper()
	for _, f := range frames {
		if isOf(t, f, typ, user) {
			found = append(found, f)
		}
	}
	return found
}

func isOf(t testing.TB, f frame, typ string, user uuid.UUID) bool {
	t.Helper()
	if f.Type != typ {
		return false
	}
	var data struct {
		User   struct{ ID uuid.UUID }
		UserID uuid.UUID
	}
	require.NoError(t, json.Unmarshal(f.Data, &data), "%s", f.Data)
	return data.User.ID == user || data.UserID == user
}

// awaitOf reads up to the next frame of a type that is about a user.
func (c client) awaitOf(t testing.TB, typ string, user uuid.UUID) (frames []frame) {
	t.Helper()
	return c.awaitAll(t, eventOf(t, typ, user))
}

func typesOf(frames []frame) (types []string) {
	for _, f := range frames {
		types = append(types, f.Type)
	}
	return types
}

// commitTo commits an event of a topic and sends it.
func (s *system) commitTo(t testing.TB, topic, typ string, data any) {
	t.Helper()
	var e events.Event
	err := pgx.BeginFunc(t.Context(), s.pool, func(tx pgx.Tx) (err error) {
		e, err = s.publisher.AppendTx(t.Context(), tx, topic, typ, data)
		return err
	})
	require.NoError(t, err)
	s.publisher.Publish(e)
}
