package app

import (
	"context"

	"github.com/google/uuid"

	"son1k/internal/room"
)

// roomDoor lets sockets into rooms. It implements realtime.Rooms, which knows
// nothing of what a room is.
type roomDoor struct{ rooms *room.Service }

// Check implements realtime.Rooms.
func (d roomDoor) Check(ctx context.Context, userID, roomID uuid.UUID) error {
	_, err := d.rooms.Membership(ctx, userID, roomID)
	return err
}

// Enter implements realtime.Rooms.
func (d roomDoor) Enter(ctx context.Context, userID, roomID uuid.UUID) (view, members any, err error) {
	if err := d.Check(ctx, userID, roomID); err != nil {
		return nil, nil, err
	}
	r, err := d.rooms.Get(ctx, userID, roomID)
	return r, r.Members, err
}

// Post implements realtime.Rooms.
func (d roomDoor) Post(ctx context.Context, userID, roomID uuid.UUID, text, typ string) (any, error) {
	return d.rooms.Post(ctx, userID, roomID, text, typ)
}
