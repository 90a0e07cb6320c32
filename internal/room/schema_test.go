package room

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// TestConstraintsExist compares the constants with the live schema.
func TestConstraintsExist(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for name, definition := range map[string]string{
		memberLimit:                        "5000",
		"rooms_name_check":                 "100", // MaxName
		"rooms_description_check":          "500", // MaxDescription
		"room_messages_body_check":         "4000",
		"room_messages_type_check":         messageType.String(),
		"room_members_role_check":          RoleOwner,
		"rooms_owner_fkey":                 "DEFERRABLE INITIALLY DEFERRED",
		"room_messages_user_id_fkey":       "ON DELETE SET NULL",
		"room_invitations_room_id_fkey":    "ON DELETE CASCADE",
		"room_members_pkey":                "(room_id, user_id)",
		"room_invitations_pkey":            "(room_id, user_id)",
		"room_invitations_user_id_fkey":    "ON DELETE CASCADE",
		"room_messages_room_id_fkey":       "ON DELETE CASCADE",
		"room_members_room_id_fkey":        "ON DELETE CASCADE",
		"room_invitations_invited_by_fkey": "ON DELETE SET NULL",
	} {
		var is string
		err := pool.QueryRow(t.Context(), "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = $1", name).Scan(&is)
		require.NoError(t, err, name)
		require.Contains(t, is, definition, name)
	}
	require.Equal(t, []int{100, 500, 4000}, []int{MaxName, MaxDescription, MaxMessage}, "as in the schema")
}
