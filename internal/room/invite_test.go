package room_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/room"
)

func TestInvitationOpensAPrivateRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, false)
	invited, err := f.Invite(t.Context(), ana, r.ID, room.Guest{Username: " BEN "})
	require.NoError(t, err)
	require.Equal(t, room.Invited{User: room.Person{ID: ben, Username: "ben", Tier: "FREE"}, Status: room.StatusInvited}, invited)
	list, err := f.Invitations(t.Context(), ben)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, room.Summary{ID: r.ID, Name: "a room", OwnerID: ana}, list[0].Room)
	require.Equal(t, &room.Person{ID: ana, Username: "ana", Tier: "PREMIUM"}, list[0].InvitedBy)
	told := f.log(t, "user:"+ben.String())
	require.Len(t, told, 1)
	require.Equal(t, "notification", told[0].Type)
	var data map[string]any
	require.NoError(t, json.Unmarshal([]byte(told[0].Raw), &data))
	require.Equal(t, map[string]any{
		"message": `ana invites you to the room "a room".`, "type": "room_invitation", "timestamp": data["timestamp"],
		"room":      map[string]any{"id": r.ID.String(), "name": "a room"},
		"invitedBy": map[string]any{"id": ana.String(), "username": "ana", "tier": "PREMIUM"},
	}, data)

	_, err = f.Get(t.Context(), ben, r.ID)
	requireNotFound(t, err)
	f.join(t, r.ID, ben)
	list, err = f.Invitations(t.Context(), ben)
	require.NoError(t, err)
	require.Equal(t, []room.Invitation{}, list)
	again, err := f.Invite(t.Context(), ana, r.ID, room.Guest{ID: ben})
	require.NoError(t, err)
	require.Equal(t, room.StatusMember, again.Status)
	require.NoError(t, f.Leave(t.Context(), ben, r.ID))
	_, err = f.Join(t.Context(), ben, r.ID)
	requireNotFound(t, err)
}

// However many invite somebody at once, there is one invitation and one notice.
func TestInvitedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "ENTERPRISE"), f.person(t, "cleo", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	hosts := []uuid.UUID{ana, ben}
	got := codes(t, together(t, 10, func(ctx context.Context, i int) error {
		invited, err := f.Invite(ctx, hosts[i%2], r.ID, room.Guest{ID: cleo})
		if err == nil && invited.Status != room.StatusInvited {
			err = fmt.Errorf("cleo is %q", invited.Status)
		}
		return err
	}))
	require.Equal(t, map[string]int{"": 10}, got)
	require.Equal(t, 1, f.count(t, "SELECT count(*) FROM room_invitations"))
	require.Len(t, f.log(t, "user:"+cleo.String()), 1)
	_, err := f.Invite(t.Context(), ana, r.ID, room.Guest{Username: "nobody"})
	requireCode(t, err, apperr.NotFound, room.CodeUserNotFound)
	_, err = f.Invite(t.Context(), ana, r.ID, room.Guest{Username: "a\x00"})
	requireCode(t, err, apperr.NotFound, room.CodeUserNotFound)
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo, dan, eve := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "PREMIUM"), f.person(t, "cleo", "PREMIUM"), f.person(t, "dan", "FREE"), f.person(t, "eve", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben, cleo)
	invite := func() {
		_, err := f.Invite(t.Context(), ben, r.ID, room.Guest{ID: dan})
		require.NoError(t, err)
	}
	invite()
	requireNotFound(t, f.Revoke(t.Context(), eve, r.ID, dan))
	requireCode(t, f.Revoke(t.Context(), cleo, r.ID, dan), apperr.Forbidden, room.CodeNotOwner)
	require.Equal(t, 1, f.count(t, "SELECT count(*) FROM room_invitations"))
	for _, who := range []uuid.UUID{ana, ben, dan} {
		invite()
		require.NoError(t, f.Revoke(t.Context(), who, r.ID, dan))
		require.Zero(t, f.count(t, "SELECT count(*) FROM room_invitations"))
		requireCode(t, f.Revoke(t.Context(), who, r.ID, dan), apperr.NotFound, room.CodeInvitationNotFound)
	}
	invite()
	require.NoError(t, f.Leave(t.Context(), ben, r.ID))
	requireNotFound(t, f.Revoke(t.Context(), ben, r.ID, dan)) // is a stranger now
	f.exec(t, "DELETE FROM users WHERE id = $1", ben)
	list, err := f.Invitations(t.Context(), dan)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Nil(t, list[0].InvitedBy)
}
