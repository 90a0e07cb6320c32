package room

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// The types of events. Names and fields are a contract with frontends: add
// fields, rename none.
const (
	eventMessage          = "collaboration_message"
	eventRoomNotification = "room_notification"
	eventNotification     = "notification"
)

// The types of room notifications. The realtime hub acts on member_left,
// member_removed and room_deleted: it cuts off who is no longer in the room.
const (
	MemberJoined  = "member_joined"
	MemberLeft    = "member_left"
	MemberRemoved = "member_removed"
	OwnerChanged  = "owner_changed"
	Updated       = "room_updated"
	Deleted       = "room_deleted"
)

// Notification is the data of a room_notification. The function room_log of
// the schema makes the same.
type Notification struct {
	RoomID    uuid.UUID `json:"roomId"`
	Message   string    `json:"message"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	// User is who joined, left, was removed, owns the room now, changed or
	// deleted it.
	User Person  `json:"user"`
	Room Summary `json:"room"` // after the change
}

// invitation is the data of the notification of who is invited.
type invitation struct {
	Message   string    `json:"message"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Room      roomName  `json:"room"`
	InvitedBy Person    `json:"invitedBy"`
}

type roomName struct {
	ID   uuid.UUID `json:"id"`
	Name string    `json:"name"`
}

// tell appends a room notification. Other changes of the room wait from here
// to the commit, so it comes last.
func (v *visit) tell(ctx context.Context, typ string, user Person, message string) error {
	return v.append(ctx, Topic(v.room.ID), eventRoomNotification, Notification{
		RoomID: v.room.ID, Message: message, Type: typ, Timestamp: v.now, User: user, Room: summaryOf(v.room),
	})
}

func (v *visit) append(ctx context.Context, topic, typ string, data any) error {
	event, err := v.Service.events.AppendTx(ctx, v.tx, topic, typ, data)
	if err != nil {
		return err
	}
	v.events = append(v.events, event)
	return nil
}
