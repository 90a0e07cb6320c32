package room_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/room"
)

func TestJoinAndLeave(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	for range 2 {
		joined, err := f.Join(t.Context(), ben, r.ID)
		require.NoError(t, err)
		require.Equal(t, []string{"ana", "ben"}, names(joined.Members))
		require.Equal(t, 2, joined.MemberCount)
		read, err := f.Get(t.Context(), ben, r.ID)
		require.NoError(t, err)
		require.Equal(t, read, joined)
	}
	requireCode(t, f.Leave(t.Context(), ana, r.ID), apperr.Conflict, room.CodeOwnerMustHandOver)
	for range 2 {
		require.NoError(t, f.Leave(t.Context(), ben, r.ID))
	}
	require.Equal(t, []string{room.MemberJoined, room.MemberLeft}, f.types(t, r.ID))
	left := f.log(t, room.Topic(r.ID))[1].Data
	require.Equal(t, room.Person{ID: ben, Username: "ben", Tier: "FREE"}, left.User)
	require.Equal(t, "ben left the room.", left.Message)

	require.NoError(t, f.Leave(t.Context(), ana, r.ID), "alone, the owner may go")
	require.Equal(t, []string{room.MemberJoined, room.MemberLeft, room.Deleted}, f.types(t, r.ID))
	require.Zero(t, f.count(t, "SELECT count(*) FROM rooms"))
}

func TestHandOver(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE"), f.person(t, "cleo", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	for _, nobody := range []uuid.UUID{cleo, uuid.New()} {
		_, err := f.HandOver(t.Context(), ana, r.ID, nobody)
		requireCode(t, err, apperr.NotFound, room.CodeMemberNotFound)
	}
	_, err := f.HandOver(t.Context(), ben, r.ID, ben)
	requireCode(t, err, apperr.Forbidden, room.CodeNotOwner)
	handed, err := f.HandOver(t.Context(), ana, r.ID, ana)
	require.NoError(t, err)
	require.Equal(t, ana, handed.OwnerID)

	handed, err = f.HandOver(t.Context(), ana, r.ID, ben)
	require.NoError(t, err)
	require.Equal(t, ben, handed.OwnerID)
	require.Equal(t, room.RoleMember, handed.Members[0].Role)
	require.Equal(t, room.RoleOwner, handed.Members[1].Role)
	require.Equal(t, []string{room.MemberJoined, room.OwnerChanged}, f.types(t, r.ID))
	told := f.log(t, room.Topic(r.ID))[1].Data
	require.Equal(t, ben, told.User.ID)
	require.Equal(t, ben, told.Room.OwnerID)
	require.NoError(t, f.Leave(t.Context(), ana, r.ID))
	f.requireSound(t.Context(), t)
}

func TestRemove(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE"), f.person(t, "cleo", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben, cleo)
	requireCode(t, f.Remove(t.Context(), ben, r.ID, cleo), apperr.Forbidden, room.CodeNotOwner)
	requireCode(t, f.Remove(t.Context(), ana, r.ID, ana), apperr.Conflict, room.CodeOwnerMustHandOver)
	require.NoError(t, f.Remove(t.Context(), ana, r.ID, ben))
	requireCode(t, f.Remove(t.Context(), ana, r.ID, ben), apperr.NotFound, room.CodeMemberNotFound)
	_, err := f.Post(t.Context(), ben, r.ID, "still here", "")
	requireNotFound(t, err)
	removed := f.log(t, room.Topic(r.ID))[2].Data
	require.Equal(t, room.MemberRemoved, removed.Type)
	require.Equal(t, ben, removed.User.ID)
	f.join(t, r.ID, ben) // the room is public
}

// The last place is given once, and who does not get it leaves no trace.
func TestRoomIsBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana := f.person(t, "ana", "PREMIUM")
	r := f.create(t, ana, true)
	f.exec(t, `WITH crowd AS (INSERT INTO users (username) SELECT 'crowd-' || n FROM generate_series(1, 4997) n RETURNING id)
		INSERT INTO room_members (room_id, user_id) SELECT $1, id FROM crowd`, r.ID)
	late := make([]uuid.UUID, 20)
	for i := range late {
		late[i] = f.person(t, fmt.Sprintf("late-%d", i), "FREE")
	}
	got := codes(t, together(t, len(late), func(ctx context.Context, i int) error {
		_, err := f.Join(ctx, late[i], r.ID)
		return err
	}))
	require.Equal(t, map[string]int{"": 2, room.CodeRoomFull: 18}, got)
	f.requireSound(t.Context(), t)
	require.Len(t, f.log(t, room.Topic(r.ID)), 2)
	full, err := f.Get(t.Context(), ana, r.ID)
	require.NoError(t, err)
	require.Equal(t, 5000, full.MemberCount)
	require.Len(t, full.Members, 200)
	require.Equal(t, ana, full.Members[0].ID)
	public, err := f.Public(t.Context(), 1, 1, "")
	require.NoError(t, err)
	require.Len(t, public.Rooms[0].Members, 20)
	require.NoError(t, f.Delete(t.Context(), ana, r.ID))
	require.Zero(t, f.count(t, "SELECT count(*) FROM room_members"))
}

// Owning is bounded too, whether one creates the rooms or is given them.
func TestOwnedRoomsAreBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "PREMIUM")
	f.exec(t, `WITH made AS (INSERT INTO rooms (name, owner_id) SELECT 'room ' || n, $1 FROM generate_series(1, 95) n RETURNING id)
		INSERT INTO room_members (room_id, user_id, role) SELECT id, $1, 'owner' FROM made`, ben)
	gifts := make([]room.Room, 10)
	for i := range gifts {
		gifts[i] = f.create(t, ana, true)
		f.join(t, gifts[i].ID, ben)
	}
	got := codes(t, together(t, 20, func(ctx context.Context, i int) error {
		if i < len(gifts) {
			_, err := f.HandOver(ctx, ana, gifts[i].ID, ben)
			return err
		}
		_, err := f.Create(ctx, ben, room.CreateParams{Name: "one more"})
		return err
	}))
	require.Equal(t, map[string]int{"": 5, room.CodeTooManyRooms: 15}, got)
	require.Equal(t, 100, f.count(t, "SELECT count(*) FROM rooms WHERE owner_id = $1", ben))
	f.requireSound(t.Context(), t)
}
