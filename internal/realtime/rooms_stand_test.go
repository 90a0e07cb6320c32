package realtime_test

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/apperr"
	"son1k/internal/events"
)

// rooms is a Rooms whose membership a test sets. What is posted is a real event.
type rooms struct {
	pool      *pgxpool.Pool
	publisher *events.Publisher

	mu      sync.Mutex
	members map[uuid.UUID]map[uuid.UUID]bool
}

func newRooms(pool *pgxpool.Pool, publisher *events.Publisher) *rooms {
	return &rooms{pool: pool, publisher: publisher, members: make(map[uuid.UUID]map[uuid.UUID]bool)}
}

// open makes a room of these members.
func (r *rooms) open(members ...uuid.UUID) uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := uuid.New()
	r.members[room] = make(map[uuid.UUID]bool)
	for _, m := range members {
		r.members[room][m] = true
	}
	return room
}

// remove takes a member out and says so, as the domain does.
func (r *rooms) remove(ctx context.Context, room, member uuid.UUID) error {
	r.mu.Lock()
	delete(r.members[room], member)
	r.mu.Unlock()
	return r.say(ctx, room, "room_notification", map[string]any{
		"type": "member_removed", "user": map[string]any{"id": member}, "message": "gone",
	})
}

func (r *rooms) say(ctx context.Context, room uuid.UUID, typ string, data any) error {
	var e events.Event
	err := pgx.BeginFunc(ctx, r.pool, func(tx pgx.Tx) (err error) {
		e, err = r.publisher.AppendTx(ctx, tx, "room:"+room.String(), typ, data)
		return err
	})
	if err == nil {
		r.publisher.Publish(e)
	}
	return err
}

func (r *rooms) Check(_ context.Context, user, room uuid.UUID) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.members[room][user] {
		return apperr.New(apperr.NotFound, "ROOM_NOT_FOUND", "There is no such room, or you are not in it.")
	}
	return nil
}

func (r *rooms) Enter(ctx context.Context, user, room uuid.UUID) (any, any, error) {
	if err := r.Check(ctx, user, room); err != nil {
		return nil, nil, err
	}
	return map[string]any{"id": room, "name": "Garage"}, []any{}, nil
}

type posted struct {
	ID        uuid.UUID `json:"id"`
	UserID    uuid.UUID `json:"userId"`
	Username  string    `json:"username"`
	RoomID    uuid.UUID `json:"roomId"`
	Message   string    `json:"message"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
}

func (r *rooms) Post(ctx context.Context, user, room uuid.UUID, text, typ string) (any, error) {
	if err := r.Check(ctx, user, room); err != nil {
		return nil, err
	}
	m := posted{ID: uuid.New(), UserID: user, Username: nameOf(user), RoomID: room, Message: text, Type: typ, Timestamp: time.Now()}
	return m, r.say(ctx, room, "collaboration_message", m)
}
