package app_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/app"
)

const rooms = "/api/collaboration/rooms"

type roomView struct {
	ID          uuid.UUID `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	IsPublic    bool      `json:"isPublic"`
	OwnerID     uuid.UUID `json:"ownerId"`
	Members     []struct {
		ID       uuid.UUID `json:"id"`
		Username string    `json:"username"`
		Tier     string    `json:"tier"`
		Role     string    `json:"role"`
		JoinedAt time.Time `json:"joinedAt"`
	} `json:"members"`
	MemberCount int       `json:"memberCount"`
	CreatedAt   time.Time `json:"createdAt"`
	UpdatedAt   time.Time `json:"updatedAt"`
}

type roomPage struct {
	Rooms      []roomView `json:"rooms"`
	Pagination struct {
		Page, Limit, Total, Pages int
	} `json:"pagination"`
}

type messagePage struct {
	Messages []struct {
		ID       uuid.UUID `json:"id"`
		UserID   uuid.UUID `json:"userId"`
		Username string    `json:"username"`
		RoomID   uuid.UUID `json:"roomId"`
		Message  string    `json:"message"`
		Type     string    `json:"type"`
	} `json:"messages"`
	NextBefore *uuid.UUID `json:"nextBefore"`
}

// does makes a request and expects the status; the data go to dst, if any.
func (n *node) does(t *testing.T, p person, method, path string, body any, status int, dst any) response {
	t.Helper()
	r := n.call(t, p, method, path, body)
	require.Equal(t, status, r.status, "%s %s: %s", method, path, r.body)
	if dst != nil {
		r.data(t, dst)
	}
	return r
}

// refuses makes a request and expects an error.
func (n *node) refuses(t *testing.T, p person, method, path string, body any, status int, code string) {
	t.Helper()
	got, _ := n.does(t, p, method, path, body, status, nil).failure(t)
	require.Equal(t, code, got, "%s %s", method, path)
}

func (n *node) createRoom(t *testing.T, p person, body map[string]any) roomView {
	t.Helper()
	var made roomView
	r := n.does(t, p, http.MethodPost, rooms, body, http.StatusCreated, &made)
	require.Equal(t, rooms+"/"+made.ID.String(), r.header.Get("Location"))
	return made
}

func TestLifeOfARoom(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana, ben, cleo := s.person(t, n, "ana", "PREMIUM"), s.person(t, n, "ben", "FREE"), s.person(t, n, "cleo", "FREE")
	ws := n.dial(t, ben, "")

	made := n.createRoom(t, ana, map[string]any{"name": " Choir ", "description": "four voices"})
	require.Equal(t, "Choir", made.Name)
	require.Equal(t, ana.id, made.OwnerID)
	require.False(t, made.IsPublic)
	require.Len(t, made.Members, 1)
	path := rooms + "/" + made.ID.String()

	n.refuses(t, ben, http.MethodPost, path+"/join", nil, http.StatusNotFound, "ROOM_NOT_FOUND")
	var invited struct {
		User   struct{ Username string }
		Status string
	}
	n.does(t, ana, http.MethodPost, path+"/invite", map[string]any{"username": "ben"}, http.StatusOK, &invited)
	require.Equal(t, "ben", invited.User.Username)
	require.Equal(t, "invited", invited.Status)
	ws.until(t, func(f frame) bool { return f.Type == "notification" && f.Topic == "user:"+ben.id.String() })
	var list struct {
		Invitations []struct {
			Room      roomView
			InvitedBy struct{ Username string }
		}
	}
	n.does(t, ben, http.MethodGet, "/api/collaboration/invitations", nil, http.StatusOK, &list)
	require.Len(t, list.Invitations, 1)
	require.Equal(t, made.ID, list.Invitations[0].Room.ID)
	require.Equal(t, "ana", list.Invitations[0].InvitedBy.Username)

	var joined roomView
	for range 2 {
		n.does(t, ben, http.MethodPost, path+"/join", nil, http.StatusOK, &joined)
		require.Equal(t, 2, joined.MemberCount)
		require.Equal(t, "ben", joined.Members[1].Username)
		require.Equal(t, "member", joined.Members[1].Role)
	}
	for i := range 3 {
		n.does(t, ben, http.MethodPost, path+"/messages", map[string]any{"message": fmt.Sprint(i)}, http.StatusCreated, nil)
	}
	var page messagePage
	n.does(t, ana, http.MethodGet, path+"/messages?limit=2", nil, http.StatusOK, &page)
	require.Len(t, page.Messages, 2)
	require.Equal(t, "2", page.Messages[0].Message)
	require.Equal(t, "text", page.Messages[0].Type)
	require.Equal(t, ben.id, page.Messages[0].UserID)
	n.does(t, ana, http.MethodGet, path+"/messages?limit=2&before="+page.NextBefore.String(), nil, http.StatusOK, &page)
	require.Len(t, page.Messages, 1)
	require.Nil(t, page.NextBefore)

	// A member may not do what the owner may.
	n.refuses(t, ben, http.MethodPut, path, map[string]any{"name": "mine"}, http.StatusForbidden, "NOT_OWNER")
	n.refuses(t, ben, http.MethodDelete, path, nil, http.StatusForbidden, "NOT_OWNER")
	n.refuses(t, ben, http.MethodPost, path+"/owner", map[string]any{"userId": ben.id}, http.StatusForbidden, "NOT_OWNER")
	n.refuses(t, ben, http.MethodDelete, path+"/members/"+ana.id.String(), nil, http.StatusForbidden, "NOT_OWNER")
	n.refuses(t, ben, http.MethodPost, path+"/invite", map[string]any{"userId": cleo.id}, http.StatusForbidden, "INSUFFICIENT_TIER")

	var changed roomView
	n.does(t, ana, http.MethodPut, path, map[string]any{"isPublic": true, "description": ""}, http.StatusOK, &changed)
	require.True(t, changed.IsPublic)
	require.Equal(t, "Choir", changed.Name)
	require.Empty(t, changed.Description)
	n.does(t, cleo, http.MethodPost, path+"/join", nil, http.StatusOK, nil)
	n.does(t, ana, http.MethodDelete, path+"/members/"+cleo.id.String(), nil, http.StatusNoContent, nil)
	n.refuses(t, cleo, http.MethodGet, path+"/messages", nil, http.StatusNotFound, "ROOM_NOT_FOUND")

	n.refuses(t, ana, http.MethodPost, path+"/leave", nil, http.StatusConflict, "OWNER_MUST_HAND_OVER")
	n.does(t, ana, http.MethodPost, path+"/owner", map[string]any{"userId": ben.id}, http.StatusOK, &changed)
	require.Equal(t, ben.id, changed.OwnerID)
	for range 2 {
		n.does(t, ana, http.MethodPost, path+"/leave", nil, http.StatusNoContent, nil)
	}
	n.does(t, ben, http.MethodDelete, path, nil, http.StatusNoContent, nil)
	n.refuses(t, ben, http.MethodGet, path, nil, http.StatusNotFound, "ROOM_NOT_FOUND")
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM events.log WHERE type = 'room_notification' AND data->>'type' = 'room_deleted'"))
	require.Zero(t, s.count(t, "SELECT count(*) FROM room_messages"))
	require.Empty(t, s.log.errors())
}

// The list of public rooms is not a room called public, and what is private is
// not in it.
func TestPublicRooms(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana, ben := s.person(t, n, "ana", "ENTERPRISE"), s.person(t, n, "ben", "FREE")
	n.createRoom(t, ana, map[string]any{"name": "secret jazz"})
	jazz := n.createRoom(t, ana, map[string]any{"name": "Jazz", "isPublic": true})
	n.createRoom(t, ana, map[string]any{"name": "rock", "isPublic": true})
	var found roomPage
	n.does(t, ben, http.MethodGet, rooms+"/public?search=JAZZ", nil, http.StatusOK, &found)
	require.Len(t, found.Rooms, 1)
	require.Equal(t, jazz.ID, found.Rooms[0].ID)
	require.Equal(t, "ana", found.Rooms[0].Members[0].Username)
	n.does(t, ben, http.MethodGet, rooms+"/public?limit=1&page=2", nil, http.StatusOK, &found)
	require.Equal(t, 2, found.Pagination.Total)
	require.Equal(t, jazz.ID, found.Rooms[0].ID)
	n.does(t, ben, http.MethodGet, rooms+"/"+jazz.ID.String(), nil, http.StatusOK, nil)

	n.does(t, ben, http.MethodGet, rooms, nil, http.StatusOK, &found)
	require.Empty(t, found.Rooms)
	n.does(t, ben, http.MethodPost, rooms+"/"+jazz.ID.String()+"/join", nil, http.StatusOK, nil)
	n.does(t, ben, http.MethodGet, rooms, nil, http.StatusOK, &found)
	require.Len(t, found.Rooms, 1)
	n.does(t, ana, http.MethodGet, rooms, nil, http.StatusOK, &found)
	require.Len(t, found.Rooms, 3)
	require.Empty(t, s.log.errors())
}

// Whose room it is not finds none by any route, and whoever is not signed in
// gets nowhere.
func TestStrangersFindNoRoom(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana, ben := s.person(t, n, "ana", "PREMIUM"), s.person(t, n, "ben", "ENTERPRISE")
	made := n.createRoom(t, ana, map[string]any{"name": "ours"})
	n.does(t, ana, http.MethodPost, rooms+"/"+made.ID.String()+"/messages", map[string]any{"message": "psst"}, http.StatusCreated, nil)
	var answers [2][]string
	for i, id := range []uuid.UUID{made.ID, uuid.New()} {
		path := rooms + "/" + id.String()
		for _, route := range []struct {
			method, path string
			body         any
		}{
			{http.MethodGet, path, nil},
			{http.MethodPut, path, map[string]any{"name": "mine"}},
			{http.MethodDelete, path, nil},
			{http.MethodPost, path + "/join", nil},
			{http.MethodPost, path + "/invite", map[string]any{"userId": ben.id}},
			{http.MethodDelete, path + "/invitations/" + ana.id.String(), nil},
			{http.MethodDelete, path + "/members/" + ana.id.String(), nil},
			{http.MethodPost, path + "/owner", map[string]any{"userId": ben.id}},
			{http.MethodGet, path + "/messages", nil},
			{http.MethodPost, path + "/messages", map[string]any{"message": "hello"}},
			{http.MethodDelete, "/api/collaboration/invitations/" + id.String(), nil},
		} {
			r := n.does(t, ben, route.method, route.path, route.body, http.StatusNotFound, nil)
			code, _ := r.failure(t)
			answers[i] = append(answers[i], code)
			n.refuses(t, person{}, route.method, route.path, route.body, http.StatusUnauthorized, "AUTH_REQUIRED")
		}
		n.does(t, ben, http.MethodPost, path+"/leave", nil, http.StatusNoContent, nil)
	}
	require.Equal(t, answers[0], answers[1], "a room that one is not in looks like none")
	for _, path := range []string{rooms, rooms + "/public", "/api/collaboration/invitations"} {
		n.refuses(t, person{}, http.MethodGet, path, nil, http.StatusUnauthorized, "AUTH_REQUIRED")
	}
	ws := n.dial(t, ben, "")
	ws.send(t, map[string]any{"type": "subscribe", "topic": "room:" + made.ID.String(), "id": 1})
	require.Equal(t, "error", ws.read(t).Type)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM room_members"))
	require.Empty(t, s.log.errors())
}

// Who declines is asked no more.
func TestDeclineAnInvitation(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana, ben := s.person(t, n, "ana", "PREMIUM"), s.person(t, n, "ben", "FREE")
	made := n.createRoom(t, ana, map[string]any{"name": "ours"})
	path := rooms + "/" + made.ID.String()
	for _, decline := range []struct {
		who  person
		path string
	}{{ben, "/api/collaboration/invitations/" + made.ID.String()}, {ana, path + "/invitations/" + ben.id.String()}} {
		n.does(t, ana, http.MethodPost, path+"/invite", map[string]any{"userId": ben.id}, http.StatusOK, nil)
		n.does(t, decline.who, http.MethodDelete, decline.path, nil, http.StatusNoContent, nil)
		n.refuses(t, decline.who, http.MethodDelete, decline.path, nil, http.StatusNotFound, "INVITATION_NOT_FOUND")
		n.refuses(t, ben, http.MethodPost, path+"/join", nil, http.StatusNotFound, "ROOM_NOT_FOUND")
	}
	n.refuses(t, ana, http.MethodPost, path+"/invite", map[string]any{"username": "nobody"}, http.StatusNotFound, "USER_NOT_FOUND")
	require.Empty(t, s.log.errors())
}
