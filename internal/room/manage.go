package room

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// Change says what to change of a room; nil leaves a field as it is.
type Change struct {
	Name        *string
	Description *string
	IsPublic    *bool
}

// Update changes a room that the user owns. It fails with VALIDATION_ERROR,
// ROOM_NOT_FOUND or NOT_OWNER.
func (s *Service) Update(ctx context.Context, userID, roomID uuid.UUID, change Change) (Room, error) {
	change = change.trimmed()
	if err := change.check(); err != nil {
		return Room{}, err
	}
	var updated Room
	err := s.visitRoom(ctx, roomID, concerned{actor: userID}, func(v *visit) (err error) {
		if err := v.ownerOnly(); err != nil {
			return err
		}
		p := change.applied(v.room)
		p.Now = v.now
		if p.Name == v.room.Name && p.Description == v.room.Description && p.IsPublic == v.room.IsPublic {
			updated, err = v.view(ctx, v.tx, v.room)
			return err
		}
		if v.room, err = s.q.RoomUpdate(ctx, v.tx, p); err != nil {
			return fmt.Errorf("update room: %w", err)
		}
		if updated, err = v.view(ctx, v.tx, v.room); err != nil {
			return err
		}
		return v.tell(ctx, Updated, v.actor, v.actor.Username+" changed the room.")
	})
	return updated, err
}

func (c Change) trimmed() Change {
	trim := func(s *string) *string {
		if s == nil {
			return nil
		}
		t := strings.TrimSpace(*s)
		return &t
	}
	return Change{Name: trim(c.Name), Description: trim(c.Description), IsPublic: c.IsPublic}
}

func (c Change) check() error {
	var bad invalid
	if c.Name != nil {
		bad.add("name", checkName(*c.Name))
	}
	if c.Description != nil {
		bad.add("description", checkDescription(*c.Description))
	}
	return bad.err()
}

func (c Change) applied(r queries.Room) queries.RoomUpdateParams {
	p := queries.RoomUpdateParams{ID: r.ID, Name: r.Name, Description: r.Description, IsPublic: r.IsPublic}
	if c.Name != nil {
		p.Name = *c.Name
	}
	if c.Description != nil {
		p.Description = *c.Description
	}
	if c.IsPublic != nil {
		p.IsPublic = *c.IsPublic
	}
	return p
}

// Delete removes a room that the user owns, with all that was said in it. It
// fails with ROOM_NOT_FOUND or NOT_OWNER.
func (s *Service) Delete(ctx context.Context, userID, roomID uuid.UUID) error {
	return s.visitRoom(ctx, roomID, concerned{actor: userID}, func(v *visit) error {
		if err := v.ownerOnly(); err != nil {
			return err
		}
		return v.delete(ctx)
	})
}

func (v *visit) delete(ctx context.Context) error {
	if err := v.q.RoomDelete(ctx, v.tx, v.room.ID); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	v.log.InfoContext(ctx, "room deleted", "room_id", v.room.ID, "user_id", v.actor.ID, "members", v.room.MemberCount)
	return v.tell(ctx, Deleted, v.actor, "The room was deleted.")
}

// HandOver makes another member of a room the owner in the user's place. It
// fails with ROOM_NOT_FOUND, NOT_OWNER, MEMBER_NOT_FOUND or TOO_MANY_ROOMS.
func (s *Service) HandOver(ctx context.Context, userID, roomID, to uuid.UUID) (Room, error) {
	var handed Room
	who := concerned{actor: userID, other: to, counts: true}
	err := s.visitRoom(ctx, roomID, who, func(v *visit) (err error) {
		if err := v.ownerOnly(); err != nil {
			return err
		}
		if to == userID {
			handed, err = v.view(ctx, v.tx, v.room)
			return err
		}
		if err := v.setOwner(ctx, to); err != nil {
			return err
		}
		if handed, err = v.view(ctx, v.tx, v.room); err != nil {
			return err
		}
		heir := v.people[to]
		return v.tell(ctx, OwnerChanged, heir, heir.Username+" owns the room now.")
	})
	return handed, err
}

// setOwner makes a member the owner in the actor's place, who becomes a member.
func (v *visit) setOwner(ctx context.Context, to uuid.UUID) error {
	if in, err := v.isMember(ctx, to); err != nil || !in {
		if err == nil {
			err = errNoMember()
		}
		return err
	}
	if enough, err := v.ownsEnough(ctx, v.tx, to); err != nil || enough {
		if enough {
			err = errTooManyRooms(v.people[to].Username + " owns")
		}
		return err
	}
	// In this order: there is never more than one owner.
	for _, m := range []queries.RoomMemberSetRoleParams{
		{RoomID: v.room.ID, UserID: v.actor.ID, Role: RoleMember},
		{RoomID: v.room.ID, UserID: to, Role: RoleOwner},
	} {
		if _, err := v.q.RoomMemberSetRole(ctx, v.tx, m); err != nil {
			return fmt.Errorf("change role: %w", err)
		}
	}
	var err error
	v.room, err = v.q.RoomSetOwner(ctx, v.tx, queries.RoomSetOwnerParams{ID: v.room.ID, OwnerID: to, Now: v.now})
	if err != nil {
		return fmt.Errorf("change owner: %w", err)
	}
	return nil
}
