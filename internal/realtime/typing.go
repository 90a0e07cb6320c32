package realtime

import (
	"time"

	"github.com/google/uuid"

	"son1k/internal/apperr"
)

// tellTyping is the least time between two events that say that somebody is
// still typing.
const tellTyping = 2 * time.Second

type userTyping struct {
	RoomID   uuid.UUID `json:"roomId"`
	UserID   uuid.UUID `json:"userId"`
	Username string    `json:"username"`
	IsTyping bool      `json:"isTyping"`
}

// setTyping tells the others in a room that the user is typing or no longer is.
// Typing ends by itself after Limits.Typing.
func (s *session) setTyping(room uuid.UUID, typing bool, answer reply) error {
	st := s.seat(room)
	if st == nil {
		return apperr.New(apperr.NotFound, "NOT_IN_ROOM", "Join the room first.")
	}
	if typing {
		s.startTyping(room, st)
	} else {
		s.stopTyping(room, st)
	}
	answer("ack", struct{}{})
	return nil
}

func (s *session) startTyping(room uuid.UUID, st *seat) {
	s.mu.Lock()
	if st.typing == nil {
		st.typing = time.AfterFunc(s.hub.cfg.Limits.Typing, func() { s.stopTyping(room, st) })
		st.told = time.Time{}
	} else {
		st.typing.Reset(s.hub.cfg.Limits.Typing)
	}
	tell := time.Since(st.told) >= tellTyping
	if tell {
		st.told = time.Now()
	}
	s.mu.Unlock()
	if tell {
		s.tellTyping(room, true)
	}
}

// stopTyping may be called by any goroutine.
func (s *session) stopTyping(room uuid.UUID, st *seat) {
	s.mu.Lock()
	typing := st.typing != nil
	if typing {
		st.typing.Stop()
		st.typing = nil
	}
	s.mu.Unlock()
	if typing {
		s.tellTyping(room, false)
	}
}

func (s *session) tellTyping(room uuid.UUID, typing bool) {
	p := s.person()
	s.hub.tellRoom(s.self, roomTopic(room), "typing "+s.self, "user_typing",
		userTyping{RoomID: room, UserID: p.ID, Username: p.Username, IsTyping: typing})
}
