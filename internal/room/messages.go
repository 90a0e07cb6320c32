package room

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"son1k/internal/queries"
)

// deletedUser stands for whoever has deleted their account. Nobody can be
// called that: names have no spaces.
const deletedUser = "deleted user"

// Message is something said in a room. It is also the data of its event.
type Message struct {
	ID        uuid.UUID `json:"id"`
	UserID    uuid.UUID `json:"userId,omitzero"` // not there once the account is deleted
	Username  string    `json:"username"`
	RoomID    uuid.UUID `json:"roomId"`
	Message   string    `json:"message"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
}

// Messages is a page of messages, the newest first.
type Messages struct {
	Messages []Message `json:"messages"`
	// NextBefore asks for the next page; null on the last.
	NextBefore *uuid.UUID `json:"nextBefore"`
}

// Post says something in a room that the user is in. The text, without spaces
// around it, has 1 to 4000 characters; typ has 1 to 32 letters a-z or
// underscores, or is empty for "text". It fails with VALIDATION_ERROR or
// ROOM_NOT_FOUND.
func (s *Service) Post(ctx context.Context, userID, roomID uuid.UUID, text, typ string) (Message, error) {
	text = strings.TrimSpace(text)
	if typ == "" {
		typ = DefaultMessageType
	}
	var bad invalid
	bad.add("message", checkMessage(text))
	bad.add("type", checkMessageType(typ))
	if err := bad.err(); err != nil {
		return Message{}, err
	}
	var said Message
	err := s.visitRoom(ctx, roomID, concerned{actor: userID}, func(v *visit) (err error) {
		if err := v.membersOnly(); err != nil {
			return err
		}
		said, err = v.say(ctx, text, typ)
		return err
	})
	return said, err
}

func (v *visit) say(ctx context.Context, text, typ string) (Message, error) {
	last, err := v.q.RoomLastMessage(ctx, v.tx, v.room.ID)
	if err != nil && !isNoRows(err) {
		return Message{}, fmt.Errorf("read last message: %w", err)
	}
	m := Message{
		ID: nextID(v.now, last), UserID: v.actor.ID, Username: v.actor.Username, RoomID: v.room.ID,
		Message: text, Type: typ, Timestamp: v.now,
	}
	err = v.q.RoomMessageInsert(ctx, v.tx, queries.RoomMessageInsertParams{
		ID: m.ID, RoomID: m.RoomID, UserID: m.UserID, Type: m.Type, Body: m.Message, CreatedAt: m.Timestamp,
	})
	if err != nil {
		return Message{}, fmt.Errorf("insert message: %w", err)
	}
	return m, v.append(ctx, Topic(m.RoomID), eventMessage, m)
}

// nextID returns a version 7 UUID (RFC 9562, section 5.7) that sorts after
// last, even if the clock went backwards. The twelve bits after the
// milliseconds hold their fraction (section 6.2, method 3).
func nextID(now time.Time, last uuid.UUID) uuid.UUID {
	fraction := uint64(now.Nanosecond()%1e6) << 12 / 1e6
	ticks := uint64(now.UnixMilli())<<12 | fraction
	before := binary.BigEndian.Uint64(last[:8])
	if past := before>>16<<12 | before&0xfff; ticks <= past {
		ticks = past + 1
	}
	id := uuid.New() // for the random bits, and the variant above them
	binary.BigEndian.PutUint64(id[:8], ticks>>12<<16|7<<12|ticks&0xfff)
	return id
}

// Messages returns the limit newest messages of a room that the user is in, of
// those before a message if before is its id. It fails with ROOM_NOT_FOUND.
func (s *Service) Messages(ctx context.Context, userID, roomID uuid.UUID, before *uuid.UUID, limit int) (Messages, error) {
	if _, err := s.Membership(ctx, userID, roomID); err != nil {
		return Messages{}, err
	}
	rows, err := s.q.RoomMessages(ctx, s.pool, queries.RoomMessagesParams{RoomID: roomID, Before: before, MaxRows: int32(limit + 1)})
	if err != nil {
		return Messages{}, fmt.Errorf("list messages: %w", err)
	}
	page := Messages{Messages: make([]Message, 0, len(rows))}
	if len(rows) > limit { // one more than asked for: there is another page
		rows = rows[:limit]
		page.NextBefore = &rows[limit-1].ID
	}
	for _, r := range rows {
		m := Message{ID: r.ID, Username: deletedUser, RoomID: roomID, Message: r.Body, Type: r.Type, Timestamp: r.CreatedAt.UTC()}
		if r.UserID != nil && r.Username != nil {
			m.UserID, m.Username = *r.UserID, *r.Username
		}
		page.Messages = append(page.Messages, m)
	}
	return page, nil
}
