package room_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/room"
)

func TestCreateAndGet(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	private, err := f.Create(t.Context(), ana, room.CreateParams{Name: "  Choir ", Description: " for\nfour voices "})
	require.NoError(t, err)
	require.Equal(t, "Choir", private.Name)
	require.Equal(t, "for\nfour voices", private.Description)
	require.Equal(t, ana, private.OwnerID)
	require.Equal(t, []room.Member{{ID: ana, Username: "ana", Tier: "PREMIUM", Role: room.RoleOwner, JoinedAt: private.CreatedAt}}, private.Members)
	require.Equal(t, 1, private.MemberCount)
	again, err := f.Get(t.Context(), ana, private.ID)
	require.NoError(t, err)
	require.Equal(t, private, again)
	_, err = f.Get(t.Context(), ben, private.ID)
	requireNotFound(t, err)

	public := f.create(t, ana, true)
	again, err = f.Get(t.Context(), ben, public.ID)
	require.NoError(t, err)
	require.Equal(t, public, again)
	_, err = f.Membership(t.Context(), ben, public.ID)
	requireNotFound(t, err)
	member, err := f.Membership(t.Context(), ana, public.ID)
	require.NoError(t, err)
	require.Equal(t, public.Members[0], member)
}

// What a tier may do is what the table says, whatever the tier is called.
func TestCollaborationNeedsTheFeature(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "PRO"), f.person(t, "cleo", "FREE")
	_, err := f.Create(t.Context(), ben, room.CreateParams{Name: "x"})
	requireCode(t, err, apperr.Forbidden, room.CodeInsufficientTier)
	require.ErrorContains(t, err, "PREMIUM or ENTERPRISE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	_, err = f.Invite(t.Context(), ben, r.ID, room.Guest{ID: cleo})
	requireCode(t, err, apperr.Forbidden, room.CodeInsufficientTier)

	f.exec(t, "UPDATE tiers SET features = features || '{collaboration}' WHERE name = 'PRO'")
	f.exec(t, "UPDATE tiers SET features = array_remove(features, 'collaboration') WHERE name = 'PREMIUM'")
	f.create(t, ben, false)
	_, err = f.Invite(t.Context(), ben, r.ID, room.Guest{ID: cleo})
	require.NoError(t, err)
	_, err = f.Create(t.Context(), ana, room.CreateParams{Name: "x"})
	require.ErrorContains(t, err, "PRO or ENTERPRISE")
}

func TestInvalidInput(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana := f.person(t, "ana", "PREMIUM")
	r := f.create(t, ana, false)
	fields := func(err error) (fields []string) {
		requireCode(t, err, apperr.Invalid, "VALIDATION_ERROR")
		for _, field := range apperr.From(err).Fields {
			fields = append(fields, field.Field)
		}
		return fields
	}
	for _, c := range []room.CreateParams{
		{Name: " \n ", Description: strings.Repeat("é", 501)},
		{Name: strings.Repeat("é", 101), Description: "a\x00b"},
		{Name: "a\nb", Description: "\xff"},
	} {
		_, err := f.Create(t.Context(), ana, c)
		require.Equal(t, []string{"name", "description"}, fields(err), c)
		_, err = f.Update(t.Context(), ana, r.ID, room.Change{Name: &c.Name, Description: &c.Description})
		require.Equal(t, []string{"name", "description"}, fields(err), c)
	}
	for _, c := range []struct{ text, typ string }{
		{"", "Text"}, {strings.Repeat("é", 4001), strings.Repeat("a", 33)}, {"\x07", "a-b"}, {"\xff", " "},
	} {
		_, err := f.Post(t.Context(), ana, r.ID, c.text, c.typ)
		require.Equal(t, []string{"message", "type"}, fields(err), c)
	}
	for _, g := range []room.Guest{{}, {ID: ana, Username: "ana"}} {
		_, err := f.Invite(t.Context(), ana, r.ID, g)
		require.Equal(t, []string{"userId"}, fields(err))
	}
	_, err := f.Create(t.Context(), ana, room.CreateParams{Name: strings.Repeat("é", 100), Description: strings.Repeat("é", 500)})
	require.NoError(t, err)
	_, err = f.Post(t.Context(), ana, r.ID, strings.Repeat("é", 4000), strings.Repeat("z", 32))
	require.NoError(t, err)
}

func TestUpdateTellsOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE")
	r := f.create(t, ana, true)
	_, err := f.Update(t.Context(), ben, r.ID, room.Change{Name: ptr("mine")})
	requireNotFound(t, err)
	f.join(t, r.ID, ben)
	_, err = f.Update(t.Context(), ben, r.ID, room.Change{Name: ptr("mine")})
	requireCode(t, err, apperr.Forbidden, room.CodeNotOwner)

	for range 2 { // the second time nothing changes
		updated, err := f.Update(t.Context(), ana, r.ID, room.Change{Name: ptr(" new "), IsPublic: ptr(false)})
		require.NoError(t, err)
		require.Equal(t, "new", updated.Name)
		require.False(t, updated.IsPublic)
		require.True(t, updated.UpdatedAt.After(r.UpdatedAt))
		require.Equal(t, []string{"ana", "ben"}, names(updated.Members))
	}
	log := f.log(t, room.Topic(r.ID))
	require.Equal(t, []string{room.MemberJoined, room.Updated}, f.types(t, r.ID))
	require.JSONEq(t, `{"roomId":"`+r.ID.String()+`","message":"ana changed the room.","type":"room_updated",
		"timestamp":"`+log[1].Data.Timestamp.Format("2006-01-02T15:04:05.999999999Z07:00")+`",
		"user":{"id":"`+ana.String()+`","username":"ana","tier":"PREMIUM"},
		"room":{"id":"`+r.ID.String()+`","name":"new","description":"","isPublic":false,"ownerId":"`+ana.String()+`"}}`, log[1].Raw)
}

func TestDeleteTakesEverythingAlong(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben, cleo := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "FREE"), f.person(t, "cleo", "FREE")
	r := f.create(t, ana, true)
	f.join(t, r.ID, ben)
	_, err := f.Post(t.Context(), ben, r.ID, "hello", "")
	require.NoError(t, err)
	_, err = f.Invite(t.Context(), ana, r.ID, room.Guest{ID: cleo})
	require.NoError(t, err)
	requireNotFound(t, f.Delete(t.Context(), cleo, r.ID))
	requireCode(t, f.Delete(t.Context(), ben, r.ID), apperr.Forbidden, room.CodeNotOwner)
	require.NoError(t, f.Delete(t.Context(), ana, r.ID))
	requireNotFound(t, f.Delete(t.Context(), ana, r.ID))
	for _, table := range []string{"rooms", "room_members", "room_invitations", "room_messages"} {
		require.Zero(t, f.count(t, "SELECT count(*) FROM "+table), table)
	}
	require.Equal(t, []string{room.MemberJoined, room.Deleted}, f.types(t, r.ID))
}

// For who is not in a private room there is none, whatever they ask for.
func TestStrangersSeeNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "PREMIUM"), f.person(t, "ben", "PREMIUM")
	ctx := t.Context()
	for _, id := range []uuid.UUID{f.create(t, ana, false).ID, uuid.New()} {
		for what, err := range map[string]error{
			"get":        second(f.Get(ctx, ben, id)),
			"membership": second(f.Membership(ctx, ben, id)),
			"update":     second(f.Update(ctx, ben, id, room.Change{Name: ptr("x")})),
			"delete":     f.Delete(ctx, ben, id),
			"join":       second(f.Join(ctx, ben, id)),
			"invite":     second(f.Invite(ctx, ben, id, room.Guest{ID: ana})),
			"invite ?":   second(f.Invite(ctx, ben, id, room.Guest{Username: "nobody"})),
			"revoke":     f.Revoke(ctx, ben, id, ana),
			"remove":     f.Remove(ctx, ben, id, ana),
			"hand over":  second(f.HandOver(ctx, ben, id, ben)),
			"post":       second(f.Post(ctx, ben, id, "hello", "")),
			"messages":   second(f.Messages(ctx, ben, id, nil, 10)),
		} {
			requireCode(t, err, apperr.NotFound, room.CodeRoomNotFound)
			require.Equal(t, "There is no such room, or you are not in it.", apperr.From(err).Message, what)
		}
		require.NoError(t, f.Leave(ctx, ben, id), "one is not in it, as asked")
		requireCode(t, f.Revoke(ctx, ben, id, ben), apperr.NotFound, room.CodeInvitationNotFound)
		require.Empty(t, f.log(t, room.Topic(id)))
	}
}

// A token may outlive its account.
func TestDeletedAccountDoesNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ghost := f.person(t, "ana", "PREMIUM"), uuid.New()
	r := f.create(t, ana, true)
	for _, err := range []error{
		second(f.Create(t.Context(), ghost, room.CreateParams{Name: "x"})),
		second(f.Join(t.Context(), ghost, r.ID)),
		second(f.Post(t.Context(), ghost, r.ID, "boo", "")),
	} {
		requireCode(t, err, apperr.Unauthenticated, room.CodeAuthRequired)
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ana, ben := f.person(t, "ana", "ENTERPRISE"), f.person(t, "ben", "FREE")
	var all []uuid.UUID
	for _, p := range []room.CreateParams{
		{Name: "Jazz night", IsPublic: true}, {Name: "secret jazz"}, {Name: "other", Description: "50% JAZZ", IsPublic: true}, {Name: "rock_", IsPublic: true},
	} {
		r, err := f.Create(t.Context(), ana, p)
		require.NoError(t, err)
		all = append(all, r.ID)
	}
	f.join(t, all[0], ben)
	found := func(page room.Page, err error) (ids []uuid.UUID) {
		t.Helper()
		require.NoError(t, err)
		for _, r := range page.Rooms {
			require.Len(t, r.Members, r.MemberCount)
			ids = append(ids, r.ID)
		}
		return ids
	}
	require.Equal(t, []uuid.UUID{all[3], all[2], all[1], all[0]}, found(f.List(t.Context(), ana, 1, 10)))
	require.Equal(t, []uuid.UUID{all[0]}, found(f.List(t.Context(), ben, 1, 10)))
	require.Equal(t, []uuid.UUID{all[3], all[2], all[0]}, found(f.Public(t.Context(), 1, 10, "")))
	require.Equal(t, []uuid.UUID{all[2], all[0]}, found(f.Public(t.Context(), 1, 10, "jAzZ")))
	require.Equal(t, []uuid.UUID{all[2]}, found(f.Public(t.Context(), 1, 10, "%")))
	require.Equal(t, []uuid.UUID{all[3]}, found(f.Public(t.Context(), 1, 10, "_")))
	page, err := f.Public(t.Context(), 2, 2, "")
	require.Equal(t, []uuid.UUID{all[0]}, found(page, err))
	require.Equal(t, room.Pagination{Page: 2, Limit: 2, Total: 3, Pages: 2}, page.Pagination)
	page, err = f.List(t.Context(), ben, 7, 2)
	require.NoError(t, err)
	require.NotNil(t, page.Rooms)
	require.Empty(t, page.Rooms)
}

func second[T any](_ T, err error) error { return err }
