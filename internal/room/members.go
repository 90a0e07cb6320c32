package room

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/queries"
)

// Join makes the user a member of a room that is public or that they are
// invited to; a member stays one. It fails with ROOM_NOT_FOUND or ROOM_FULL.
func (s *Service) Join(ctx context.Context, userID, roomID uuid.UUID) (Room, error) {
	var joined Room
	err := s.visitRoom(ctx, roomID, concerned{actor: userID}, func(v *visit) (err error) {
		if v.role != "" {
			joined, err = v.view(ctx, v.tx, v.room)
			return err
		}
		if err := v.enter(ctx); err != nil {
			return err
		}
		if joined, err = v.reload(ctx); err != nil {
			return err
		}
		return v.tell(ctx, MemberJoined, v.actor, v.actor.Username+" joined the room.")
	})
	return joined, err
}

// enter makes the actor a member if they may be one. An invitation is used up.
func (v *visit) enter(ctx context.Context) error {
	invited, err := v.q.RoomInvitationDelete(ctx, v.tx, queries.RoomInvitationDeleteParams{RoomID: v.room.ID, UserID: v.actor.ID})
	if err != nil {
		return fmt.Errorf("use up invitation: %w", err)
	}
	if !v.room.IsPublic && invited == 0 {
		return errNotFound()
	}
	err = v.q.RoomMemberInsert(ctx, v.tx, queries.RoomMemberInsertParams{
		RoomID: v.room.ID, UserID: v.actor.ID, Role: RoleMember, JoinedAt: v.now,
	})
	if err != nil {
		return fmt.Errorf("insert member: %w", full(err))
	}
	return nil
}

// Leave ends the user's membership; for who is not in the room, or if there is
// none, it changes nothing. An owner leaves last, which deletes the room, or
// gets OWNER_MUST_HAND_OVER.
func (s *Service) Leave(ctx context.Context, userID, roomID uuid.UUID) error {
	err := s.visitRoom(ctx, roomID, concerned{actor: userID}, func(v *visit) error {
		switch {
		case v.role == "":
			return nil
		case v.role == RoleOwner && v.room.MemberCount > 1:
			return errMustHandOver()
		case v.role == RoleOwner:
			return v.delete(ctx)
		}
		if _, err := v.dismiss(ctx, userID); err != nil {
			return err
		}
		return v.tell(ctx, MemberLeft, v.actor, v.actor.Username+" left the room.")
	})
	if apperr.Is(err, CodeRoomNotFound) {
		return nil
	}
	return err
}

// Remove ends somebody else's membership of a room that the user owns. It
// fails with ROOM_NOT_FOUND, NOT_OWNER, MEMBER_NOT_FOUND, or
// OWNER_MUST_HAND_OVER for the owner.
func (s *Service) Remove(ctx context.Context, userID, roomID, memberID uuid.UUID) error {
	return s.visitRoom(ctx, roomID, concerned{actor: userID, other: memberID}, func(v *visit) error {
		if err := v.ownerOnly(); err != nil {
			return err
		}
		if memberID == userID {
			return errMustHandOver()
		}
		removed, err := v.dismiss(ctx, memberID)
		if err != nil {
			return err
		}
		if !removed {
			return errNoMember()
		}
		member := v.people[memberID]
		return v.tell(ctx, MemberRemoved, member, member.Username+" was removed from the room.")
	})
}

// dismiss deletes a membership and reports whether there was one.
func (v *visit) dismiss(ctx context.Context, userID uuid.UUID) (bool, error) {
	n, err := v.q.RoomMemberDelete(ctx, v.tx, queries.RoomMemberDeleteParams{RoomID: v.room.ID, UserID: userID})
	if err != nil {
		return false, fmt.Errorf("delete member: %w", err)
	}
	return n > 0, nil
}
