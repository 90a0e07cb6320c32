package room_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/room"
)

// Rooms outlive their owner's account as long as somebody is there; what was
// said stays.
func TestDeletedAccountLeavesItsRooms(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE"), f.person(t, "cleo", "PREMIUM")
	lonely, shared, hers := f.create(t, ana, false), f.create(t, ana, true), f.create(t, cleo, true)
	f.join(t, shared.ID, cleo, ben)
	f.join(t, hers.ID, ana)
	_, err := f.Post(t.Context(), ana, shared.ID, "goodbye", "")
	require.NoError(t, err)
	before, err := f.Get(t.Context(), ben, shared.ID)
	require.NoError(t, err)

	f.exec(t, "DELETE FROM users WHERE id = $1", ana)
	f.requireSound(t.Context(), t)
	require.Equal(t, []string{room.Deleted}, f.types(t, lonely.ID))
	require.Equal(t, []string{room.MemberJoined, room.MemberLeft}, f.types(t, hers.ID))
	require.Equal(t, []string{room.MemberJoined, room.MemberJoined, room.MemberLeft, room.OwnerChanged}, f.types(t, shared.ID))
	log := f.log(t, room.Topic(shared.ID))
	left, changed := log[3].Data.Notification, log[4].Data.Notification
	require.Equal(t, room.Person{ID: ana, Username: "ana", Tier: "PREMIUM"}, left.User)
	require.Equal(t, shared.ID, left.RoomID)
	require.Equal(t, "ana left the room.", left.Message)
	require.Equal(t, room.Person{ID: cleo, Username: "cleo", Tier: "PREMIUM"}, changed.User, "has been there longer than ben")
	require.Equal(t, room.Summary{ID: shared.ID, Name: "a room", IsPublic: true, OwnerID: cleo}, changed.Room)
	require.False(t, changed.Timestamp.Before(before.UpdatedAt))

	after, err := f.Get(t.Context(), ben, shared.ID)
	require.NoError(t, err)
	require.Equal(t, cleo, after.OwnerID)
	require.Equal(t, []string{"cleo", "ben"}, names(after.Members))
	require.True(t, after.UpdatedAt.After(before.UpdatedAt))
	page, err := f.Messages(t.Context(), ben, shared.ID, nil, 10)
	require.NoError(t, err)
	require.Equal(t, "deleted user", page.Messages[0].Username)
	require.Equal(t, "goodbye", page.Messages[0].Message)
	require.Equal(t, uuid.Nil, page.Messages[0].UserID)
	list, err := f.List(t.Context(), cleo, 1, 10)
	require.NoError(t, err)
	require.Len(t, list.Rooms, 2)
}

// Members of one room may delete their accounts all at once.
func TestEverybodyGoes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	people := make([]uuid.UUID, 12)
	for i := range people {
		people[i] = f.person(t, fmt.Sprintf("person-%d", i), "PREMIUM")
	}
	rooms := make([]uuid.UUID, 3)
	for i := range rooms {
		rooms[i] = f.create(t, people[i], true).ID
		for j, p := range people {
			if j != i {
				f.join(t, rooms[i], p)
			}
		}
	}
	for _, err := range together(t, len(people)-2, func(ctx context.Context, i int) error {
		_, err := f.pool.Exec(ctx, "DELETE FROM users WHERE id = $1", people[i])
		return err
	}) {
		require.NoError(t, err)
	}
	f.requireSound(t.Context(), t)
	require.Equal(t, 6, f.count(t, "SELECT sum(member_count)::int FROM rooms"))
	f.exec(t, "DELETE FROM users") // two in one statement
	require.Zero(t, f.count(t, "SELECT count(*) FROM rooms"))
	for _, id := range rooms {
		types := f.types(t, id)
		require.Equal(t, room.Deleted, types[len(types)-1])
	}
}

// Deleting an account and a room that it has left, but where it said much and
// invited many, do not wait for each other's rows.
func TestAccountAndFormerRoomGoAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	// Plans that visit the same rows in different orders.
	f.exec(t, `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_bitmapscan = off', current_database());
		EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database()); END $$`)
	f = connect(t, f.dsn)
	ana := f.person(t, "ana", "PREMIUM")
	f.exec(t, "INSERT INTO users (username) SELECT 'guest-' || n FROM generate_series(1, 500) n")
	for i := range 10 {
		ben := f.person(t, fmt.Sprintf("ben-%d", i), "PREMIUM")
		r := f.create(t, ana, true)
		f.exec(t, `INSERT INTO room_messages (id, room_id, user_id, body)
			SELECT gen_random_uuid(), $1, $2, 'la' FROM generate_series(1, 2000)`, r.ID, ben)
		f.exec(t, `INSERT INTO room_invitations (room_id, user_id, invited_by)
			SELECT $1, id, $2 FROM users WHERE username LIKE 'guest-%' ORDER BY random()`, r.ID, ben)
		for _, err := range together(t, 2, func(ctx context.Context, i int) error {
			if i == 0 {
				return f.Delete(ctx, ana, r.ID)
			}
			_, err := f.pool.Exec(ctx, "DELETE FROM users WHERE id = $1", ben)
			return err
		}) {
			require.NoError(t, err)
		}
	}
	require.Zero(t, f.count(t, "SELECT count(*) FROM room_messages"))
}
