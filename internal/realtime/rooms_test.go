package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/events"
	"son1k/internal/realtime"
)

func TestJoinRoom(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	st.mark(t)
	_, joined := st.enter(t, st.one, st.ana)
	require.Equal(t, `"it"`, string(joined.ID))
	require.Equal(t, []string{st.ana.String()}, usersIn(t, joined))

	c, _, _ := st.two.join(t, st.ben, "")
	c.send(t, fmt.Sprintf(`{"type":"join_room","data":%q}`, st.room))
	joined = c.await(t, "room_joined")
	require.Nil(t, joined.ID)
	require.Equal(t, idsOf([]uuid.UUID{st.ana, st.ben}), usersIn(t, joined))
	var data map[string]any
	require.NoError(t, json.Unmarshal(joined.Data, &data))
	at, err := time.Parse(time.RFC3339, data["timestamp"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	delete(data, "timestamp")
	delete(data, "users")
	require.Equal(t, map[string]any{
		"roomId": st.room.String(), "room": map[string]any{"id": st.room.String(), "name": "Garage"}, "members": []any{},
		"topic": roomTopic(st.room), "seq": 1.0, "recovered": true,
	}, data)
}

// Who is no member learns nothing, not even whether there is such a room, and
// is nowhere afterwards.
func TestStrangersStayOutside(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	dora := uuid.New()
	for _, r := range st.replicas() {
		c, _, _ := r.join(t, dora, "")
		for _, room := range []uuid.UUID{st.room, uuid.New()} {
			c.requireError(t, about("join_room", room, ""), "ROOM_NOT_FOUND")
			c.requireError(t, post(room, "hello"), "ROOM_NOT_FOUND")
			c.requireError(t, fmt.Sprintf(`{"type":"subscribe","topic":%q}`, roomTopic(room)), "ROOM_NOT_FOUND")
			c.requireError(t, about("typing_start", room, ""), "NOT_IN_ROOM")
			c.requireError(t, about("typing_stop", room, ""), "NOT_IN_ROOM")
			require.Equal(t, "room_left", c.ask(t, about("leave_room", room, "")).Type)
		}
		require.Equal(t, 1, r.hub.Stats().Sockets)
		require.Zero(t, r.hub.Stats().Rooms)
		require.Equal(t, 2, r.hub.Stats().Topics, "the user's own and the system's")
	}
	require.Empty(t, st.present(t, st.room))
	ana, _ := st.enter(t, st.one, st.ana)
	require.Empty(t, ofUser(t, ana.before(t, st.mark(t)), "collaboration_message", dora))
}

func TestBadRoomRequests(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{FrameBurst: 1000}))
	c, _, _ := st.two.join(t, st.ana, "")
	for _, typ := range []string{"join_room", "leave_room", "collaboration_message", "typing_start", "typing_stop"} {
		for _, data := range []string{
			``, `,"data":null`, `,"data":{}`, `,"data":""`, `,"data":"x"`, `,"data":7`, `,"data":[]`, `,"data":{"roomId":7}`,
			`,"data":{"roomId":"x"}`, `,"data":{"roomId":""}`, `,"data":"\u0000"`, `,"data":{"id":"` + st.room.String() + `"}`,
		} {
			c.requireError(t, fmt.Sprintf(`{"type":%q,"id":1%s}`, typ, data), "VALIDATION_ERROR")
		}
	}
	for _, topic := range []string{"room:", "room:x", "room:" + uuid.Nil.String() + " ", "room:{" + st.room.String() + "}", "rooms"} {
		c.requireError(t, fmt.Sprintf(`{"type":"subscribe","topic":%q}`, topic), "TOPIC_NOT_FOUND")
		require.Equal(t, "ack", c.ask(t, fmt.Sprintf(`{"type":"unsubscribe","id":1,"topic":%q}`, topic)).Type)
	}
	c.requireError(t, fmt.Sprintf(`{"type":"collaboration_message","data":{"roomId":%q,"message":7}}`, st.room), "VALIDATION_ERROR")
	c.requireError(t, fmt.Sprintf(`{"type":"collaboration_message","data":%q}`, st.room), "VALIDATION_ERROR")
	c.requireAlive(t)
}

// Nobody does anything in rooms before saying who it is.
func TestRoomsNeedAuthentication(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	for _, typ := range []string{"join_room", "leave_room", "collaboration_message", "typing_start", "typing_stop", "subscribe", "unsubscribe", "subscribe:generation"} {
		for _, r := range st.replicas() {
			c := r.open(t, "")
			c.send(t, about(typ, st.room, `,"message":"x"`))
			reason, before := c.requireClosed(t, realtime.CloseUnauthorized)
			require.Contains(t, reason, "AUTH_REQUIRED")
			require.Empty(t, before)
		}
	}
	require.Empty(t, st.present(t, st.room))
}

// A message is one event: for everybody in the room, the sender too, on
// whichever replica, once and in the same order.
func TestMessagesReachTheWholeRoom(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{ChatRate: 1e6, ChatBurst: 1e6}))
	type member struct {
		client
		got  []frame
		acks []frame
	}
	var members []*member
	for _, r := range st.replicas() {
		for _, user := range []uuid.UUID{st.ana, st.ben, st.cleo} {
			c, _ := st.enter(t, r, user)
			members = append(members, &member{client: c})
		}
	}
	const each = 20
	all := len(members) * each
	var wg sync.WaitGroup
	for i, m := range members {
		for n := range each {
			m.send(t, post(st.room, fmt.Sprintf("%d says %d", i, n)))
		}
		wg.Go(func() {
			for len(m.got) < all || len(m.acks) < each {
				_, body, err := m.Read(m.ctx)
				if err != nil {
					return
				}
				var f frame
				_ = json.Unmarshal(body, &f) // then nothing matches
				switch f.Type {
				case "collaboration_message":
					m.got = append(m.got, f)
				case "ack":
					m.acks = append(m.acks, f)
				}
			}
		})
	}
	wg.Wait()
	last := st.mark(t)
	for _, m := range members {
		require.Equal(t, upTo(1, int64(all)), seqsOf(m.got))
		require.NotContains(t, typesOf(m.before(t, last)), "collaboration_message")
		byID := make(map[any]frame)
		for n, f := range m.got {
			require.JSONEq(t, string(members[0].got[n].Data), string(f.Data))
			require.Equal(t, roomTopic(st.room), f.Topic)
			byID[f.get(t, "id")] = f
		}
		require.Len(t, byID, all)
		for _, ack := range m.acks {
			require.JSONEq(t, string(byID[ack.get(t, "id")].Data), string(ack.Data))
		}
	}
	f := members[0].got[0]
	for _, field := range []string{"id", "userId", "username", "roomId", "message", "type", "timestamp"} {
		require.NotEmpty(t, f.get(t, field), field)
	}
}

// Who was away gets what was said meanwhile, by joining or by subscribing, on
// whichever replica, before the answer; and then what is said now.
func TestResumeInRoom(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	ben, _ := st.enter(t, st.two, st.ben)
	say := func(n int) {
		require.NoError(t, st.rooms.say(t.Context(), st.room, "collaboration_message", n))
	}
	for n := range 3 {
		say(n + 1)
	}
	for n := range 3 {
		require.EqualValues(t, n+1, ben.await(t, "collaboration_message").Seq)
	}
	require.NoError(t, ben.CloseNow())
	for n := range 4 {
		say(n + 4)
	}
	for _, r := range st.replicas() {
		c, _, _ := r.join(t, st.ben, "")
		c.send(t, about("join_room", st.room, `,"after":3`))
		frames := c.until(t, "room_joined")
		require.Equal(t, upTo(4, 7), seqsOf(frames))
		joined := frames[len(frames)-1]
		require.EqualValues(t, 7, joined.get(t, "seq"))
		require.Equal(t, true, joined.get(t, "recovered"))

		c.send(t, fmt.Sprintf(`{"type":"subscribe","id":1,"topic":%q,"after":5}`, roomTopic(st.room)))
		frames = c.until(t, "ack")
		require.Equal(t, upTo(6, 7), seqsOf(frames))
		require.EqualValues(t, 7, frames[len(frames)-1].get(t, "seq"))

		c.send(t, about("join_room", st.room, fmt.Sprintf(`,"after":%d`, events.MaxReplay)))
		frames = c.until(t, "room_joined")
		require.Empty(t, seqsOf(frames))
		require.Equal(t, false, frames[len(frames)-1].get(t, "recovered"), "made up")

		c.send(t, about("join_room", st.room, `,"after":-5`))
		require.Empty(t, seqsOf(c.until(t, "room_joined")))
		require.NoError(t, c.CloseNow())
	}
	say(8)
	require.Equal(t, upTo(1, 8), seqsOf(ana.awaitWhere(t, func(f frame) bool { return f.Seq == 8 })))
}

// A removed member is cut off at once, on all replicas, with each socket,
// whether it has joined or only subscribed. What is said next is not for them.
func TestRemovedMember(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	var bens []client
	for _, r := range st.replicas() {
		c, _ := st.enter(t, r, st.ben)
		only, _, _ := r.join(t, st.ben, "")
		require.Equal(t, "ack", only.ask(t, fmt.Sprintf(`{"type":"subscribe","id":1,"topic":%q}`, roomTopic(st.room))).Type)
		bens = append(bens, c, only)
	}
	bens[0].send(t, about("typing_start", st.room, ""))
	ana.awaitAll(t, eventOf(t, "user_typing", st.ben), presenceOf(t, st.ana, st.ben))

	st.removeAndGossip(t, st.ben)
	seen := ana.awaitAll(t, eventOf(t, "user_left", st.ben), eventOf(t, "user_typing", st.ben), presenceOf(t, st.ana))
	require.Equal(t, false, ofUser(t, seen, "user_typing", st.ben)[0].get(t, "isTyping"))
	st.requirePresent(t, st.room, st.ana)
	require.NoError(t, st.publisher.Ephemeral(topicOf(st.ben), "", "end", nil))
	for _, c := range bens {
		frames := c.until(t, "end")
		for len(frames) > 0 && frames[0].Type != "room_notification" {
			frames = frames[1:]
		}
		require.Equal(t, []string{"room_notification", "end"}, typesOf(frames), "the news, and nothing after it")
		c.requireError(t, fmt.Sprintf(`{"type":"subscribe","topic":%q,"after":0}`, roomTopic(st.room)), "ROOM_NOT_FOUND")
		c.requireError(t, about("join_room", st.room, `,"after":0`), "ROOM_NOT_FOUND")
		c.requireError(t, post(st.room, "still here"), "ROOM_NOT_FOUND")
		c.requireError(t, about("typing_start", st.room, ""), "NOT_IN_ROOM")
	}
	require.EqualValues(t, 2, st.one.hub.Stats().Expelled)
	require.EqualValues(t, 2, st.two.hub.Stats().Expelled)
	require.Equal(t, 1, st.one.hub.Stats().Rooms)
	require.Zero(t, st.two.hub.Stats().Rooms)
	ana.send(t, post(st.room, "alone"))
	require.Equal(t, "alone", ana.await(t, "collaboration_message").get(t, "message"))
}

// removeAndGossip removes a member, and has much said in the room, all of which
// reaches the replicas at the same time.
func (st *stage) removeAndGossip(t *testing.T, member uuid.UUID) {
	t.Helper()
	st.rooms.mu.Lock()
	delete(st.rooms.members[st.room], member)
	st.rooms.mu.Unlock()
	var all []events.Event
	require.NoError(t, pgx.BeginFunc(t.Context(), st.pool, func(tx pgx.Tx) error {
		for n := range 30 {
			typ, data := "said", any(n)
			if n == 0 {
				typ, data = "room_notification", map[string]any{"type": "member_left", "user": map[string]any{"id": member}}
			}
			e, err := st.publisher.AppendTx(t.Context(), tx, roomTopic(st.room), typ, data)
			if err != nil {
				return err
			}
			all = append(all, e)
		}
		return nil
	}))
	st.publisher.Publish(all...)
}

// Of a deleted room everybody learns that, and nothing more.
func TestDeletedRoom(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	var all []client
	for _, r := range st.replicas() {
		for _, user := range []uuid.UUID{st.ana, st.ben} {
			c, _ := st.enter(t, r, user)
			all = append(all, c)
		}
	}
	require.NoError(t, st.rooms.close(t.Context(), st.room))
	st.mark(t)
	st.requirePresent(t, st.room)
	require.NoError(t, st.publisher.Ephemeral("system", "", "end", "x"))
	for _, c := range all {
		c.until(t, "room_notification")
		require.Equal(t, []string{"end"}, typesOf(c.until(t, "end")))
		c.requireError(t, about("join_room", st.room, ""), "ROOM_NOT_FOUND")
	}
	for _, r := range st.replicas() {
		require.EqualValues(t, 2, r.hub.Stats().Expelled)
		require.Zero(t, r.hub.Stats().Rooms)
		require.Equal(t, 3, r.hub.Stats().Topics, "two users' own and the system's")
	}
}

// close deletes a room.
func (r *rooms) close(ctx context.Context, room uuid.UUID) error {
	r.mu.Lock()
	delete(r.members, room)
	r.mu.Unlock()
	return r.say(ctx, room, "room_notification", map[string]any{"type": "room_deleted", "user": map[string]any{"id": uuid.New()}})
}

// add makes a user a member.
func (r *rooms) add(room, user uuid.UUID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members[room][user] = true
}

// Somebody who was removed and is a member again resumes across the removal.
func TestRemovalInThePast(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	require.NoError(t, st.rooms.remove(t.Context(), st.room, st.ben))
	st.rooms.add(st.room, st.ben)
	for _, how := range []string{about("join_room", st.room, `,"after":0`), fmt.Sprintf(`{"type":"subscribe","topic":%q,"after":0,"id":1}`, roomTopic(st.room))} {
		for _, r := range st.replicas() {
			c, _, _ := r.join(t, st.ben, "")
			require.EqualValues(t, 1, c.ask(t, how).Seq, "the removal")
			c.before(t, st.mark(t))
			require.Equal(t, "ack", c.requireAck(t, post(st.room, "back")).Type)
		}
	}
}

// One socket is cut off and comes back again and again.
func TestComesBackAtOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{FrameBurst: 1000}))
	ben, _ := st.enter(t, st.one, st.ben)
	for range 30 {
		require.NoError(t, st.rooms.remove(t.Context(), st.room, st.ben))
		ben.until(t, "room_notification")
		st.rooms.add(st.room, st.ben)
		ben.enter(t, st.room)
		ben.before(t, st.mark(t))
		require.Equal(t, "ack", ben.requireAck(t, about("typing_start", st.room, "")).Type)
	}
	require.Equal(t, idsOf([]uuid.UUID{st.ben}), st.present(t, st.room))
}

// requireAck asks for something and reads up to the acknowledgement, or the refusal.
func (c client) requireAck(t testing.TB, text string) frame {
	t.Helper()
	c.send(t, text)
	frames := c.awaitWhere(t, func(f frame) bool { return f.Type == "ack" || f.Type == "error" })
	return frames[len(frames)-1]
}

// checked is a Rooms that does something between a check and what follows it.
type checked struct {
	*rooms
	then func(room, user uuid.UUID)
}

func (c *checked) Check(ctx context.Context, user, room uuid.UUID) error {
	err := c.rooms.Check(ctx, user, room)
	if err == nil {
		c.then(room, user)
	}
	return err
}

// A membership that ends between its check and the subscription does not leave
// a stranger listening.
func TestRemovedWhileJoining(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	ben := uuid.New()
	for _, how := range []string{`{"type":"join_room","data":%q}`, `{"type":"subscribe","topic":"room:%s"}`} {
		room := s.rooms.open(ben)
		gone := make(chan error, 1)
		r := s.serve(t, func(c *realtime.Config) {
			c.Rooms = &checked{s.rooms, func(room, user uuid.UUID) { gone <- s.rooms.remove(t.Context(), room, user) }}
		})
		c, _, _ := r.join(t, ben, "")
		c.requireError(t, fmt.Sprintf(how, room), "ROOM_NOT_FOUND")
		require.NoError(t, <-gone)
		require.NoError(t, s.rooms.say(t.Context(), room, "mark", "secret"))
		require.NoError(t, s.publisher.Ephemeral(topicOf(ben), "", "end", "x"))
		require.Equal(t, []string{"end"}, typesOf(c.until(t, "end")))
		require.Zero(t, r.hub.Stats().Rooms)
	}
}

// Who stops listening to a room is no longer in it: it would not hear that it
// may not be.
func TestUnsubscribeLeaves(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	ben, _ := st.enter(t, st.two, st.ben)
	ana.awaitPresence(t, st.ana, st.ben)
	ben.requireAck(t, fmt.Sprintf(`{"type":"unsubscribe","id":1,"topic":%q}`, roomTopic(st.room)))
	ana.awaitAll(t, eventOf(t, "user_left", st.ben), presenceOf(t, st.ana))
	ben.requireError(t, about("typing_start", st.room, ""), "NOT_IN_ROOM")
}

func TestTooManyRooms(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{Topics: 3}))
	c, _ := st.enter(t, st.one, st.ana)
	other, third := st.rooms.open(st.ana), st.rooms.open(st.ana)
	c.enter(t, other)
	watcher, _, _ := st.two.join(t, st.ana, "")
	require.Equal(t, "ack", watcher.ask(t, fmt.Sprintf(`{"type":"subscribe","id":1,"topic":%q}`, roomTopic(third))).Type)
	for _, text := range []string{about("join_room", third, ""), fmt.Sprintf(`{"type":"subscribe","topic":%q}`, roomTopic(third))} {
		c.send(t, text)
		f := c.await(t, "error")
		require.Equal(t, "TOO_MANY_TOPICS", f.get(t, "code"))
	}
	require.Empty(t, st.present(t, third))
	c.enter(t, other) // again
	c.send(t, about("leave_room", other, ""))
	require.Equal(t, other.String(), c.await(t, "room_left").get(t, "roomId"))
	c.enter(t, third)
	st.requirePresent(t, other)
	st.requirePresent(t, third, st.ana)
}

// What concerns everybody comes to everybody, to each once.
func TestSystemTopicComesOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	var all []client
	for _, r := range st.replicas() {
		without, _, _ := r.join(t, st.ana, "")
		explicit, _, _ := r.join(t, st.ben, "")
		require.Equal(t, "ack", explicit.ask(t, `{"type":"subscribe","id":1,"topic":"system"}`).Type)
		back, _, _ := r.join(t, st.cleo, "")
		require.Equal(t, "ack", back.ask(t, `{"type":"subscribe","id":1,"topic":"system"}`).Type)
		require.Equal(t, "ack", back.ask(t, `{"type":"unsubscribe","id":1,"topic":"system"}`).Type)
		all = append(all, without, explicit, back)
	}
	for n := range 10 {
		require.NoError(t, st.publisher.Ephemeral("system", fmt.Sprint(n), "system_notification", n))
		st.commitTo(t, "system", "system_notification", n)
	}
	require.NoError(t, st.publisher.Ephemeral("system", "", "end", nil))
	for _, c := range all {
		frames := c.until(t, "end")
		var ephemeral []string
		for _, f := range frames[:len(frames)-1] {
			require.Equal(t, "system_notification", f.Type)
			if f.Seq == 0 {
				ephemeral = append(ephemeral, string(f.Data))
			}
		}
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}, ephemeral)
		require.Equal(t, upTo(1, 10), seqsOf(frames))
	}
}
