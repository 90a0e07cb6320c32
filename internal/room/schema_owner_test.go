package room_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// Whatever SQL somebody types: a room has exactly one owner, who is the one
// that it names, and knows how many members it has.
func TestSchemaKeepsOneOwner(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	for _, c := range []struct{ sql, constraint string }{
		{"UPDATE room_members SET role = 'owner' WHERE room_id = $1", "room_members_owner_key"},
		{"UPDATE room_members SET role = 'member' WHERE room_id = $1", "rooms_owner_fkey"},
		{"DELETE FROM room_members WHERE room_id = $1", "rooms_owner_fkey"},
		{"UPDATE rooms SET owner_id = (SELECT user_id FROM room_members WHERE room_id = id AND role = 'member') WHERE id = $1", "rooms_owner_fkey"},
		{"UPDATE rooms SET owner_id = uuid_v7() WHERE id = $1", "rooms_owner_fkey"},
		{"UPDATE rooms SET member_count = 5001 WHERE id = $1", "rooms_member_count_check"},
	} {
		err := pgx.BeginFunc(t.Context(), f.pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), c.sql, r.ID)
			return err
		})
		require.ErrorContains(t, err, c.constraint, c.sql)
	}
	f.exec(t, "DELETE FROM room_members WHERE room_id = $1 AND role = 'member'", r.ID)
	f.requireSound(t.Context(), t)
	require.Equal(t, 1, f.count(t, "SELECT member_count FROM rooms"))
}

// requireSound checks what must be true of all rooms at any time.
func (f fixture) requireSound(ctx context.Context, t testing.TB) {
	t.Helper()
	var bad int
	require.NoError(t, f.pool.QueryRow(ctx, `
		SELECT count(*) FROM rooms r WHERE
			r.member_count <> (SELECT count(*) FROM room_members m WHERE m.room_id = r.id)
			OR ARRAY[r.owner_id] <> ARRAY(SELECT m.user_id FROM room_members m WHERE m.room_id = r.id AND m.role = 'owner')`,
	).Scan(&bad))
	require.Zero(t, bad)
}
