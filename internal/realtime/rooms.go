package realtime

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/events"
)

// Rooms knows who belongs to which room. All fail with an apperr for a room
// that does not exist or is not the user's.
type Rooms interface {
	// Check fails unless the user is a member.
	Check(ctx context.Context, userID, roomID uuid.UUID) error
	// Enter returns the room and its members, as clients are shown them.
	Enter(ctx context.Context, userID, roomID uuid.UUID) (room, members any, err error)
	// Post stores a message and lets everybody who follows the room know. It
	// returns the message.
	Post(ctx context.Context, userID, roomID uuid.UUID, text, typ string) (any, error)
}

// roomNotification is the type of the events that say how a room has changed.
const roomNotification = "room_notification"

// seat is a session's place in a room that it has joined.
type seat struct {
	typing *time.Timer // ends the typing; nil if the user is not
	told   time.Time   // when the others were last told of it
}

func roomTopic(room uuid.UUID) string { return "room:" + room.String() }

// person is what the members of a room are shown of another.
type person struct {
	ID       uuid.UUID `json:"id"`
	Username string    `json:"username"`
	Tier     string    `json:"tier"`
}

func (s *session) person() person {
	p := s.principal()
	return person{ID: p.UserID, Username: p.Username, Tier: p.Tier}
}

func (s *session) dispatchRoom(ctx context.Context, req request, answer reply) error {
	room, err := idIn(req.Data, "roomId", "room")
	if err != nil {
		return err
	}
	switch req.Type {
	case "join_room":
		return s.join(ctx, room, req, answer)
	case "leave_room":
		s.leave(room)
		answer("room_left", roomLeft{RoomID: room, Timestamp: time.Now().UTC()})
		return nil
	case "collaboration_message":
		return s.post(ctx, room, req, answer)
	default:
		return s.setTyping(room, req.Type == "typing_start", answer)
	}
}

type roomJoined struct {
	RoomID    uuid.UUID       `json:"roomId"`
	Room      any             `json:"room"`
	Members   any             `json:"members"`
	Present   json.RawMessage `json:"users"` // who is here now
	Topic     string          `json:"topic"`
	Seq       int64           `json:"seq"`
	Recovered bool            `json:"recovered"`
	Timestamp time.Time       `json:"timestamp"`
}

type roomLeft struct {
	RoomID    uuid.UUID `json:"roomId"`
	Timestamp time.Time `json:"timestamp"`
}

// join takes a seat in a room and follows it. Joining again is a way to resume.
func (s *session) join(ctx context.Context, room uuid.UUID, req request, answer reply) error {
	var data struct {
		After *int64 `json:"after"`
	}
	_ = json.Unmarshal(req.Data, &data) // may be a bare id
	view, members, err := s.hub.cfg.Rooms.Enter(ctx, s.user, room)
	if err != nil {
		return err
	}
	if err := s.sit(ctx, room); err != nil {
		return err
	}
	present, err := s.hub.present(ctx, roomTopic(room))
	if err == nil {
		err = s.follow(ctx, roomTopic(room), after(data.After), func(pos events.Position) {
			answer("room_joined", roomJoined{
				RoomID: room, Room: view, Members: members, Present: present, Topic: roomTopic(room),
				Seq: pos.Seq, Recovered: pos.Recovered, Timestamp: time.Now().UTC(),
			})
		})
	}
	if err != nil {
		s.leave(room)
	}
	return err
}

// sit makes the user present in a room, once per session.
func (s *session) sit(ctx context.Context, room uuid.UUID) error {
	s.mu.Lock()
	_, again := s.seats[room]
	full := len(s.seats) >= s.hub.cfg.Limits.Topics
	s.mu.Unlock()
	if again {
		return nil
	}
	if full {
		return apperr.New(apperr.Invalid, "TOO_MANY_TOPICS", "Leave a room first.")
	}
	info, err := json.Marshal(s.person())
	if err != nil {
		return err
	}
	if err := s.hub.cfg.Presence.Enter(ctx, roomTopic(room), s.self, info); err != nil {
		return apperr.Wrap(err, apperr.Unavailable, "UNAVAILABLE", "Try again in a moment.")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seats == nil {
		s.seats = make(map[uuid.UUID]*seat)
	}
	s.seats[room] = new(seat)
	s.hub.roomEntered(roomTopic(room))
	return nil
}

// leave gives the seat up. Any goroutine may call it.
func (s *session) leave(room uuid.UUID) {
	s.mu.Lock()
	st, ok := s.seats[room]
	delete(s.seats, room)
	s.mu.Unlock()
	if ok {
		s.stopTyping(room, st)
		s.hub.roomLeft(roomTopic(room))
		s.hub.cfg.Presence.Exit(roomTopic(room), s.self, false)
	}
	s.unfollow(roomTopic(room))
}

// leaveTopic gives up a seat that the user has lost.
func (s *session) leaveTopic(topic string) {
	if room, err := uuid.Parse(topic[len("room:"):]); err == nil {
		s.leave(room)
	}
}

// expulsion is whom a room's event cuts off.
type expulsion struct {
	everybody bool
	user      string
}

// expulsionForm reads an event once for all who follow the room.
var expulsionForm = events.NewForm(func(e events.Event) expulsion {
	var data struct {
		Type string `json:"type"`
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	}
	if json.Unmarshal(e.Data, &data) != nil {
		return expulsion{}
	}
	switch data.Type {
	case "room_deleted":
		return expulsion{everybody: true}
	case "member_left", "member_removed":
		return expulsion{user: data.User.ID}
	default:
		return expulsion{}
	}
})

// expelledBy reports whether an event says that the user is no longer a member.
func (s *session) expelledBy(e events.Event) bool {
	x := expulsionForm.Of(e)
	return x.everybody || x.user == s.self
}

// post passes a message on to the whole room.
func (s *session) post(ctx context.Context, room uuid.UUID, req request, answer reply) error {
	var data struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	if err := json.Unmarshal(req.Data, &data); err != nil {
		return apperr.InvalidFields(apperr.Field{Field: "message", Message: "Must be a text."})
	}
	if !s.chat.allow(time.Now()) {
		return apperr.New(apperr.RateLimited, "RATE_LIMITED", "You are writing too fast. Wait a moment.")
	}
	message, err := s.hub.cfg.Rooms.Post(ctx, s.user, room, data.Message, data.Type)
	if err != nil {
		return err
	}
	answer("ack", message)
	return nil
}
