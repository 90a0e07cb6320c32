package room

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/events"
	"son1k/internal/queries"
)

// visit is a transaction under way that changes one room. It holds the
// accounts concerned and the room; see the package comment on the order.
type visit struct {
	*Service
	tx     pgx.Tx
	room   queries.Room
	people map[uuid.UUID]Person // those concerned who exist
	actor  Person
	role   string    // of the actor; "" for who is not in the room
	now    time.Time // by the database, once it held the room
	events []events.Event
}

// concerned names the accounts that a change needs.
type concerned struct {
	actor  uuid.UUID
	other  uuid.UUID // uuid.Nil: nobody else
	counts bool      // whether the rooms they own are counted
}

// visitRoom runs fn in a transaction that holds the room, and publishes the
// events that it appends. It fails with AUTH_REQUIRED or ROOM_NOT_FOUND.
func (s *Service) visitRoom(ctx context.Context, roomID uuid.UUID, who concerned, fn func(*visit) error) error {
	var appended []events.Event
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		v := &visit{Service: s, tx: tx}
		if err := v.lock(ctx, roomID, who); err != nil {
			return err
		}
		err := fn(v)
		appended = v.events
		return err
	})
	if err != nil {
		return err
	}
	s.events.Publish(appended...)
	return nil
}

func (v *visit) lock(ctx context.Context, roomID uuid.UUID, who concerned) (err error) {
	if v.people, err = v.lockPeople(ctx, v.tx, who); err != nil {
		return err
	}
	v.actor = v.people[who.actor]
	v.room, err = v.q.RoomLock(ctx, v.tx, roomID)
	if isNoRows(err) {
		return errNotFound()
	}
	if err != nil {
		return fmt.Errorf("lock room: %w", err)
	}
	standing, err := v.q.RoomStanding(ctx, v.tx, queries.RoomStandingParams{RoomID: roomID, UserID: who.actor})
	if err != nil {
		return fmt.Errorf("read role: %w", err)
	}
	v.role, v.now = standing.Role, standing.Now.UTC()
	return nil
}

// lockPeople holds the accounts until the commit. It fails with AUTH_REQUIRED
// if the actor's is gone; of the other it returns nothing then.
func (s *Service) lockPeople(ctx context.Context, tx pgx.Tx, who concerned) (map[uuid.UUID]Person, error) {
	ids := []uuid.UUID{who.actor}
	if who.other != uuid.Nil {
		ids = append(ids, who.other)
	}
	people := make(map[uuid.UUID]Person, len(ids))
	if who.counts {
		rows, err := s.q.RoomLockOwners(ctx, tx, ids)
		if err != nil {
			return nil, fmt.Errorf("lock accounts: %w", err)
		}
		for _, r := range rows {
			people[r.ID] = Person(r)
		}
	} else {
		rows, err := s.q.RoomLockPeople(ctx, tx, ids)
		if err != nil {
			return nil, fmt.Errorf("lock accounts: %w", err)
		}
		for _, r := range rows {
			people[r.ID] = Person(r)
		}
	}
	if _, ok := people[who.actor]; !ok {
		return nil, errNoAccount()
	}
	return people, nil
}

// ownerOnly fails with ROOM_NOT_FOUND for who is not in the room and with
// NOT_OWNER for who is, but does not own it.
func (v *visit) ownerOnly() error {
	if err := v.membersOnly(); err != nil {
		return err
	}
	if v.role != RoleOwner {
		return errNotOwner()
	}
	return nil
}

// membersOnly fails with ROOM_NOT_FOUND for who is not in the room.
func (v *visit) membersOnly() error {
	if v.role == "" {
		return errNotFound()
	}
	return nil
}

// isMember reports whether somebody else is in the room.
func (v *visit) isMember(ctx context.Context, userID uuid.UUID) (bool, error) {
	standing, err := v.q.RoomStanding(ctx, v.tx, queries.RoomStandingParams{RoomID: v.room.ID, UserID: userID})
	if err != nil {
		return false, fmt.Errorf("read role: %w", err)
	}
	return standing.Role != "", nil
}

// reload reads the room again after a change, with its members.
func (v *visit) reload(ctx context.Context) (Room, error) {
	var err error
	if v.room, err = v.q.RoomGet(ctx, v.tx, v.room.ID); err != nil {
		return Room{}, fmt.Errorf("read room: %w", err)
	}
	return v.view(ctx, v.tx, v.room)
}
