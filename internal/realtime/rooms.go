package realtime

import (
	"context"
	"encoding/json"
	"strings"
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

// roomOf is the inverse of roomTopic.
func roomOf(topic string) (uuid.UUID, bool) {
	id, ok := strings.CutPrefix(topic, "room:")
	if !ok {
		return uuid.Nil, false
	}
	room, err := uuid.Parse(id)
	return room, err == nil && roomTopic(room) == topic
}

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
	topic := roomTopic(room)
	s.moving.Lock()
	defer s.moving.Unlock()
	if err := s.hub.cfg.Rooms.Check(ctx, s.user, room); err != nil {
		return err
	}
	if err := s.hasRoomFor(topic); err != nil {
		return err
	}
	if err := s.sit(ctx, room); err != nil {
		return err
	}
	joined := roomJoined{RoomID: room, Topic: topic}
	err := s.follow(ctx, topic, after(data.After), func() error {
		return s.look(ctx, &joined)
	}, func(pos events.Position) {
		joined.Seq, joined.Recovered, joined.Timestamp = pos.Seq, pos.Recovered, time.Now().UTC()
		answer("room_joined", joined)
	})
	if err != nil {
		s.leave(room)
	}
	return err
}

// look reads what the client is shown of the room. Changes since then it will
// hear of.
func (s *session) look(ctx context.Context, joined *roomJoined) (err error) {
	joined.Room, joined.Members, err = s.hub.cfg.Rooms.Enter(ctx, s.user, joined.RoomID)
	if err == nil {
		joined.Present, err = s.hub.present(ctx, joined.Topic)
	}
	return err
}

// sit makes the user present in a room, once per session.
func (s *session) sit(ctx context.Context, room uuid.UUID) error {
	s.mu.Lock()
	_, again := s.seats[room]
	s.mu.Unlock()
	if again {
		return nil
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

// drop gives up a topic, and the seat if it is a room: who no longer hears what
// happens there would not hear either that the membership has ended.
func (s *session) drop(topic string) {
	if room, ok := roomOf(topic); ok {
		s.leave(room)
		return
	}
	s.unfollow(topic)
}

// expel gives up a line, and the seat, that the user has lost, unless the client
// has come back meanwhile.
func (s *session) expel(l *line) {
	s.moving.Lock()
	defer s.moving.Unlock()
	s.mu.Lock()
	current := s.lines[l.topic] == l
	s.mu.Unlock()
	if current {
		s.drop(l.topic)
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
	if st := s.seat(room); st != nil {
		s.stopTyping(room, st)
	}
	answer("ack", message)
	return nil
}

// seat is the session's place in a room; nil if it has not joined.
func (s *session) seat(room uuid.UUID) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seats[room]
}
