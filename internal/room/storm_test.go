package room_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/room"
)

// storm is what many people do to a few rooms at once.
type storm struct {
	processes []fixture
	people    []uuid.UUID
	rooms     []uuid.UUID
}

// refusals are the errors that people may get in each other's way with.
var refusals = []string{ //nolint:gochecknoglobals // a constant list
	room.CodeRoomNotFound, room.CodeNotOwner, room.CodeMemberNotFound, room.CodeOwnerMustHandOver,
	room.CodeInvitationNotFound, room.CodeUserNotFound, room.CodeAuthRequired,
}

// A hundred people join, leave, invite, remove, hand over, talk, delete rooms
// and accounts at once, through two processes. Nothing fails for a reason of
// its own (a deadlock, say); whoever replays a room's events arrives at its
// members and owner, and has nobody speak who is not there.
func TestStorm(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := storm{processes: []fixture{f, connect(t, f.dsn)}}
	for i := range 16 {
		s.people = append(s.people, f.person(t, fmt.Sprintf("person-%d", i), "PREMIUM"))
	}
	owners := map[uuid.UUID]uuid.UUID{}
	for i := range 6 {
		r := f.create(t, s.people[i%3], i%2 == 0)
		s.rooms = append(s.rooms, r.ID)
		owners[r.ID] = r.OwnerID
	}
	done := make(map[string]int)
	var mu sync.Mutex
	errs := together(t, 100, func(ctx context.Context, i int) error {
		random := rand.New(rand.NewPCG(1, uint64(i)))
		for range 20 {
			what, err := s.act(ctx, random, i)
			if err != nil && !slices.Contains(refusals, apperr.From(err).Code) {
				return fmt.Errorf("%s: %w", what, err)
			}
			mu.Lock()
			done[fmt.Sprint(what, " ", err == nil)]++
			mu.Unlock()
		}
		return nil
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
	t.Log(done)
	for _, what := range []string{"join", "leave", "hand over", "remove", "invite", "post", "update"} {
		require.NotZero(t, done[what+" true"], "nobody could %s", what)
	}
	f.requireSound(t.Context(), t)
	for _, id := range s.rooms {
		f.requireReplay(t, id, owners[id])
	}
}

// act does one thing that people do.
func (s storm) act(ctx context.Context, r *rand.Rand, i int) (what string, err error) {
	f := s.processes[i%len(s.processes)]
	me, other := s.people[r.IntN(len(s.people))], s.people[r.IntN(len(s.people))]
	id := s.rooms[r.IntN(len(s.rooms))]
	owner := me
	if r.IntN(2) == 0 { // so that owners get to do something
		_ = f.pool.QueryRow(ctx, "SELECT owner_id FROM rooms WHERE id = $1", id).Scan(&owner)
	}
	switch n := r.IntN(1000); {
	case n < 300:
		return "join", second(f.Join(ctx, me, id))
	case n < 450:
		return "leave", f.Leave(ctx, me, id)
	case n < 600:
		return "hand over", second(f.HandOver(ctx, owner, id, other))
	case n < 680:
		return "remove", f.Remove(ctx, owner, id, other)
	case n < 760:
		return "invite", second(f.Invite(ctx, me, id, room.Guest{ID: other}))
	case n < 790:
		return "revoke", f.Revoke(ctx, owner, id, other)
	case n < 940:
		return "post", second(f.Post(ctx, me, id, "hello", ""))
	case n < 998:
		return "update", second(f.Update(ctx, owner, id, room.Change{Name: ptr(uuid.NewString())}))
	case n < 999:
		return "delete room", f.Delete(ctx, owner, id)
	default:
		_, err := f.pool.Exec(ctx, "DELETE FROM users WHERE id = $1", me)
		return "delete account", err
	}
}

// requireReplay follows a room from its creation by its events alone.
func (f fixture) requireReplay(t *testing.T, id, owner uuid.UUID) {
	t.Helper()
	members := map[uuid.UUID]bool{owner: true}
	deleted := false
	for i, e := range f.log(t, room.Topic(id)) {
		require.False(t, deleted, "event %d after the end", i)
		who := e.Data.User.ID
		switch {
		case e.Type == "collaboration_message":
			var m room.Message
			require.NoError(t, json.Unmarshal([]byte(e.Raw), &m))
			require.True(t, members[m.UserID], "event %d: a stranger speaks", i)
		case e.Data.Type == room.MemberJoined:
			require.False(t, members[who], "event %d: joined twice", i)
			members[who] = true
		case e.Data.Type == room.MemberLeft, e.Data.Type == room.MemberRemoved:
			require.True(t, members[who], "event %d: left without having been there", i)
			delete(members, who)
		case e.Data.Type == room.OwnerChanged:
			require.True(t, members[who], "event %d: a stranger owns the room", i)
			require.Equal(t, who, e.Data.Room.OwnerID)
			owner = who
		case e.Data.Type == room.Deleted:
			deleted = true
		default:
			require.Equal(t, room.Updated, e.Data.Type, "event %d", i)
			require.Equal(t, owner, e.Data.Room.OwnerID, "event %d", i)
		}
	}
	require.Equal(t, deleted, f.count(t, "SELECT count(*) FROM rooms WHERE id = $1", id) == 0)
	if deleted {
		return
	}
	require.Equal(t, len(members), f.count(t, "SELECT member_count FROM rooms WHERE id = $1", id))
	for who := range members {
		m, err := f.Membership(t.Context(), who, id)
		require.NoError(t, err)
		require.Equal(t, who == owner, m.Role == room.RoleOwner)
	}
}

// A room can be deleted however busy it is.
func TestDeletingABusyRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana := f.person(t, "ana", "PREMIUM")
	r := f.create(t, ana, true)
	said := make(chan struct{}, 20)
	errs := together(t, 9, func(ctx context.Context, i int) error {
		if i == 0 {
			for range cap(said) {
				select {
				case <-said:
				case <-time.After(patient):
					return errors.New("nobody talks")
				}
			}
			return f.Delete(ctx, ana, r.ID)
		}
		for {
			if _, err := f.Post(ctx, ana, r.ID, "la", ""); err != nil {
				return err
			}
			select {
			case said <- struct{}{}:
			default: // has been heard
			}
		}
	})
	require.Equal(t, map[string]int{"": 1, room.CodeRoomNotFound: 8}, codes(t, errs))
	log := f.log(t, room.Topic(r.ID))
	require.Equal(t, room.Deleted, log[len(log)-1].Data.Type)
}
