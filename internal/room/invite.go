package room

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/queries"
)

// Guest names whom to invite, by id or by username.
type Guest struct {
	ID       uuid.UUID // uuid.Nil: by username
	Username string
}

// The outcomes of Invite.
const (
	StatusInvited = "invited" // now or before
	StatusMember  = "member"  // is in the room already
)

// Invited is the outcome of Invite.
type Invited struct {
	User   Person `json:"user"`
	Status string `json:"status"`
}

// Invite lets somebody join a room that the user is in, and tells them. Who is
// a member or invited already is not told again. It fails with
// VALIDATION_ERROR, ROOM_NOT_FOUND, INSUFFICIENT_TIER or USER_NOT_FOUND.
func (s *Service) Invite(ctx context.Context, userID, roomID uuid.UUID, guest Guest) (Invited, error) {
	guest.Username = strings.TrimSpace(guest.Username)
	if (guest.ID == uuid.Nil) == (guest.Username == "") {
		var bad invalid
		bad.add("userId", "Name either the userId or the username of whom to invite.")
		return Invited{}, bad.err()
	}
	guestID, err := s.find(ctx, guest)
	if err != nil {
		return Invited{}, err
	}
	var outcome Invited
	err = s.visitRoom(ctx, roomID, concerned{actor: userID, other: guestID}, func(v *visit) (err error) {
		outcome, err = v.invite(ctx, guestID)
		return err
	})
	return outcome, err
}

// find returns the id of a guest, uuid.Nil if there is nobody of the name:
// whether the caller may know that is not decided here.
func (s *Service) find(ctx context.Context, guest Guest) (uuid.UUID, error) {
	if guest.ID != uuid.Nil || checkText(guest.Username, 64, false) != "" {
		return guest.ID, nil
	}
	id, err := s.q.RoomFindUser(ctx, s.pool, guest.Username)
	if err != nil && !isNoRows(err) {
		return uuid.Nil, fmt.Errorf("find user: %w", err)
	}
	return id, nil
}

func (v *visit) invite(ctx context.Context, guestID uuid.UUID) (Invited, error) {
	if err := v.membersOnly(); err != nil {
		return Invited{}, err
	}
	if err := v.mayCollaborate(ctx, v.tx, v.actor.ID); err != nil {
		return Invited{}, err
	}
	guest, ok := v.people[guestID]
	if !ok {
		return Invited{}, errNoUser()
	}
	if in, err := v.isMember(ctx, guestID); err != nil || in {
		return Invited{User: guest, Status: StatusMember}, err
	}
	n, err := v.q.RoomInvitationInsert(ctx, v.tx, queries.RoomInvitationInsertParams{
		RoomID: v.room.ID, UserID: guestID, InvitedBy: v.actor.ID, CreatedAt: v.now,
	})
	if err != nil {
		return Invited{}, fmt.Errorf("insert invitation: %w", err)
	}
	outcome := Invited{User: guest, Status: StatusInvited}
	if n == 0 {
		return outcome, nil
	}
	return outcome, v.append(ctx, userTopic(guestID), eventNotification, invitation{
		Message: fmt.Sprintf("%s invites you to the room %q.", v.actor.Username, v.room.Name), Type: "room_invitation",
		Timestamp: v.now, Room: roomName{ID: v.room.ID, Name: v.room.Name}, InvitedBy: v.actor,
	})
}

// Revoke takes back the invitation of a guest. They may decline it themselves,
// whoever invited them may, and the owner of the room. It fails with
// INVITATION_NOT_FOUND, NOT_OWNER, or ROOM_NOT_FOUND for who is not in the room
// and takes back somebody else's.
func (s *Service) Revoke(ctx context.Context, userID, roomID, guestID uuid.UUID) error {
	err := s.visitRoom(ctx, roomID, concerned{actor: userID, other: guestID}, func(v *visit) error {
		key := queries.RoomInvitationGetParams{RoomID: roomID, UserID: guestID}
		i, err := v.q.RoomInvitationGet(ctx, v.tx, key)
		if isNoRows(err) {
			return v.unlessStranger(errNoInvitation())
		}
		if err != nil {
			return fmt.Errorf("read invitation: %w", err)
		}
		inviter := v.role != "" && i.InvitedBy != nil && *i.InvitedBy == userID
		if guestID != userID && !inviter && v.role != RoleOwner {
			return v.unlessStranger(errNotOwner())
		}
		_, err = v.q.RoomInvitationDelete(ctx, v.tx, queries.RoomInvitationDeleteParams(key))
		return err
	})
	if guestID == userID && apperr.Is(err, CodeRoomNotFound) {
		return errNoInvitation() // theirs went with the room, or there never was one
	}
	return err
}

// unlessStranger returns err to members and ROOM_NOT_FOUND to others.
func (v *visit) unlessStranger(err error) error {
	if v.role == "" {
		return errNotFound()
	}
	return err
}

// Invitation is an invitation as its guest sees it.
type Invitation struct {
	Room      Summary   `json:"room"`
	InvitedBy *Person   `json:"invitedBy"` // null if that account is deleted
	CreatedAt time.Time `json:"createdAt"`
}

// Invitations lists the newest invitations of the user, 200 at most.
func (s *Service) Invitations(ctx context.Context, userID uuid.UUID) ([]Invitation, error) {
	rows, err := s.q.RoomInvitationsOf(ctx, s.pool, queries.RoomInvitationsOfParams{UserID: userID, MaxRows: maxInvitations})
	if err != nil {
		return nil, fmt.Errorf("list invitations: %w", err)
	}
	list := make([]Invitation, len(rows))
	for i, r := range rows {
		list[i] = Invitation{
			Room:      Summary{ID: r.ID, Name: r.Name, Description: r.Description, IsPublic: r.IsPublic, OwnerID: r.OwnerID},
			CreatedAt: r.CreatedAt.UTC(),
		}
		if r.InvitedBy != nil && r.Username != nil && r.Tier != nil {
			list[i].InvitedBy = &Person{ID: *r.InvitedBy, Username: *r.Username, Tier: *r.Tier}
		}
	}
	return list, nil
}
