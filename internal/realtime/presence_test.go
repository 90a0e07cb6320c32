package realtime_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
	"son1k/internal/realtime"
)

// Who comes and goes is told to the others, on both replicas, and not to
// themselves; a second socket is no news.
func TestPresence(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	cleo, _ := st.enter(t, st.two, st.cleo)
	ana.awaitAll(t, eventOf(t, "user_joined", st.cleo), presenceOf(t, st.ana, st.cleo))

	ben, joined := st.enter(t, st.one, st.ben)
	everybody := []uuid.UUID{st.ana, st.ben, st.cleo}
	require.Equal(t, idsOf(everybody), usersIn(t, joined))
	for _, c := range []client{ana, cleo} {
		frames := c.awaitAll(t, eventOf(t, "user_joined", st.ben), presenceOf(t, everybody...))
		came := ofUser(t, frames, "user_joined", st.ben)
		require.Len(t, came, 1)
		require.Equal(t, map[string]any{"id": st.ben.String(), "username": nameOf(st.ben), "tier": "PRO"}, came[0].get(t, "user"))
		require.Equal(t, st.room.String(), came[0].get(t, "roomId"))
		require.NotEmpty(t, came[0].get(t, "timestamp"))
	}
	for _, r := range st.replicas() { // two more of ben's
		second, joined := st.enter(t, r, st.ben)
		require.Equal(t, idsOf(everybody), usersIn(t, joined))
		second.requireAck(t, about("typing_stop", st.room, ""))
		second.send(t, about("leave_room", st.room, ""))
		left := second.await(t, "room_left")
		require.Equal(t, st.room.String(), left.get(t, "roomId"))
		require.NotEmpty(t, left.get(t, "timestamp"))
		second.send(t, post(st.room, "from outside")) // a member may
		require.Equal(t, "ack", second.read(t).Type, "and no longer hears it")
	}
	ben.send(t, about("leave_room", st.room, ""))
	for _, c := range []client{ana, cleo} {
		frames := c.awaitAll(t, eventOf(t, "user_left", st.ben), presenceOf(t, st.ana, st.cleo))
		require.Len(t, ofUser(t, frames, "user_left", st.ben), 1)
		require.Empty(t, ofUser(t, frames, "user_joined", st.ben))
	}
	mark := st.mark(t)
	ana.before(t, mark)
	cleo.before(t, mark)
	ben.requireAlive(t)
	st.requirePresent(t, st.room, st.ana, st.cleo)
}

// None of one's own comings and goings is told to oneself, in no tab.
func TestPresenceIsNotForOneself(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	watcher, _ := st.enter(t, st.one, st.ana)
	tab, _, _ := st.two.join(t, st.ben, "")
	require.Equal(t, "ack", tab.ask(t, fmt.Sprintf(`{"type":"subscribe","id":1,"topic":%q}`, roomTopic(st.room))).Type)
	for range 3 {
		ben, _ := st.enter(t, st.one, st.ben)
		watcher.awaitOf(t, "user_joined", st.ben)
		ben.requireAck(t, about("typing_start", st.room, ""))
		ben.send(t, about("leave_room", st.room, ""))
		watcher.awaitOf(t, "user_left", st.ben)
	}
	frames := tab.before(t, st.mark(t))
	for _, typ := range []string{"user_joined", "user_left", "user_typing"} {
		require.Empty(t, ofUser(t, frames, typ, st.ben), typ)
	}
}

// A connection that breaks is forgiven for a while: who is back in time, on
// either replica, has not been away; who is not has left, once.
func TestPresenceLingers(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	ben, _ := st.enter(t, st.one, st.ben)
	tab, _ := st.enter(t, st.one, st.cleo)
	other, _ := st.enter(t, st.two, st.cleo)
	ana.awaitAll(t, eventOf(t, "user_joined", st.ben), eventOf(t, "user_joined", st.cleo), presenceOf(t, st.ana, st.ben, st.cleo))
	require.NoError(t, ben.CloseNow())
	require.NoError(t, tab.CloseNow())
	require.NoError(t, other.CloseNow()) // lingers longer than ben
	ben, joined := st.enter(t, st.two, st.ben)
	require.Equal(t, idsOf([]uuid.UUID{st.ana, st.ben, st.cleo}), usersIn(t, joined))
	for _, c := range []client{ana, ben} {
		frames := c.awaitAll(t, eventOf(t, "user_left", st.cleo), presenceOf(t, st.ana, st.ben))
		frames = append(frames, c.before(t, st.mark(t))...)
		require.Len(t, ofUser(t, frames, "user_left", st.cleo), 1)
		require.Empty(t, ofUser(t, frames, "user_left", st.ben))
		require.Empty(t, ofUser(t, frames, "user_joined", st.ben))
	}
}

// When a replica stops, those who come back on another have not been away, and
// those who do not are told to have left.
func TestPresenceOutlivesAStop(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.two, st.ana)
	var back sync.WaitGroup
	ben, _ := st.enter(t, st.one, st.ben)
	cleo, _ := st.enter(t, st.one, st.cleo)
	ana.awaitAll(t, eventOf(t, "user_joined", st.ben), eventOf(t, "user_joined", st.cleo), presenceOf(t, st.ana, st.ben, st.cleo))
	back.Go(func() { _, _, _ = cleo.Read(cleo.ctx) })
	st.one.hub.Stop()
	st.one.tracker.Stop()
	back.Wait()
	require.NoError(t, ben.CloseNow())
	_, joined := st.enter(t, st.two, st.ben)
	require.Equal(t, idsOf([]uuid.UUID{st.ana, st.ben, st.cleo}), usersIn(t, joined))
	frames := ana.awaitAll(t, eventOf(t, "user_left", st.cleo), presenceOf(t, st.ana, st.ben))
	frames = append(frames, ana.before(t, st.mark(t))...)
	require.Len(t, ofUser(t, frames, "user_left", st.cleo), 1)
	require.Empty(t, ofUser(t, frames, "user_left", st.ben))
	require.Empty(t, ofUser(t, frames, "user_joined", st.ben))
}

// die ends a replica without a goodbye: it no longer reaches the tables, and its
// sockets are cut.
func (r *replica) die(t testing.TB, clients ...client) {
	t.Helper()
	r.counts.Close()
	for _, c := range clients {
		require.NoError(t, c.CloseNow())
	}
}

// Of those who were on a replica that died the others are told that they have
// left, unless they have come back. Its sockets count until that is found out,
// and no longer.
func TestDeadReplica(t *testing.T) {
	t.Parallel()
	st := newStage(t, limits(realtime.Limits{PerUser: 2}))
	ana, _ := st.enter(t, st.two, st.ana)
	ben, _ := st.enter(t, st.one, st.ben)
	cleo, _ := st.enter(t, st.one, st.cleo)
	tab, _, _ := st.one.join(t, st.cleo, "")
	ana.awaitAll(t, eventOf(t, "user_joined", st.ben), eventOf(t, "user_joined", st.cleo), presenceOf(t, st.ana, st.ben, st.cleo))
	st.one.die(t, ben, cleo, tab)
	st.two.requireFull(t, st.cleo)
	ben, _ = st.enter(t, st.two, st.ben)
	frames := ana.awaitAll(t, eventOf(t, "user_left", st.cleo), presenceOf(t, st.ana, st.ben))
	frames = append(frames, ana.before(t, st.mark(t))...)
	require.Len(t, ofUser(t, frames, "user_left", st.cleo), 1)
	require.Empty(t, ofUser(t, frames, "user_left", st.ben))
	ben.awaitPresence(t, st.ana, st.ben)
	st.two.join(t, st.cleo, "")
	st.two.join(t, st.cleo, "")
	st.two.requireFull(t, st.cleo)
}

// In a crowd nobody is told of each who comes; how many there are is told, and
// the names of some.
func TestPresenceOfACrowd(t *testing.T) {
	t.Parallel()
	st := newStage(t, nil)
	ana, _ := st.enter(t, st.one, st.ana)
	ben, _ := st.enter(t, st.two, st.ben)
	const crowd = 300
	var coming sync.WaitGroup
	for range crowd {
		coming.Go(func() {
			id := uuid.New()
			info, _ := json.Marshal(map[string]any{"id": id, "username": nameOf(id), "tier": "PRO"})
			_ = st.two.tracker.Enter(t.Context(), roomTopic(st.room), id.String(), info) // then the count stays short
		})
	}
	coming.Wait()
	full := func(n int) func(frame) bool {
		return func(f frame) bool { return f.Type == "presence" && f.get(t, "count") == float64(n) }
	}
	for _, c := range []client{ana, ben} {
		frames := c.awaitAll(t, full(crowd+2))
		lists, joins := 0, 0
		for _, f := range frames {
			switch f.Type {
			case "presence":
				lists++
			case "user_joined":
				joins++
			}
		}
		require.Len(t, usersIn(t, frames[len(frames)-1]), 100)
		require.LessOrEqual(t, joins, presence.Enough)
		require.Less(t, lists, crowd/2, "several comings share a list")
	}
	cleo, joined := st.enter(t, st.one, st.cleo)
	require.Len(t, usersIn(t, joined), 100)
	frames := ana.awaitAll(t, full(crowd+3))
	cleo.send(t, about("leave_room", st.room, ""))
	frames = append(frames, ana.awaitAll(t, full(crowd+2))...)
	frames = append(frames, ana.before(t, st.mark(t))...)
	require.Empty(t, ofUser(t, frames, "user_joined", st.cleo))
	require.Empty(t, ofUser(t, frames, "user_left", st.cleo))
}
