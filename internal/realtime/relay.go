package realtime

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"son1k/internal/events"
	"son1k/internal/lifecycle"
	"son1k/internal/presence"
)

// Relay shows the rooms where a user is how the user's songs get on. It runs in
// each process that publishes events of generations.
type Relay struct {
	*lifecycle.Runner

	publisher *events.Publisher
	presence  *presence.Reader
	log       *slog.Logger
	wake      chan struct{}

	mu      sync.Mutex
	pending map[uuid.UUID]generationUpdate // the latest of each generation
}

// generationUpdate is the data of a user_generation_update.
type generationUpdate struct {
	User         json.RawMessage `json:"user"`
	GenerationID uuid.UUID       `json:"generationId"`
	Status       string          `json:"status"`
	Progress     int             `json:"progress"`
	Timestamp    time.Time       `json:"timestamp"`

	user string
}

// NewRelay returns a Relay of what publisher sends.
func NewRelay(publisher *events.Publisher, where *presence.Reader, log *slog.Logger) *Relay {
	r := &Relay{
		publisher: publisher, presence: where, log: log, wake: make(chan struct{}, 1),
		pending: make(map[uuid.UUID]generationUpdate),
	}
	r.Runner = lifecycle.NewRunner("relay", r.run)
	publisher.OnSend(r.sent)
	return r
}

// sent takes note of an event. Of those that come while a look-up is under way
// the latest of each generation counts.
func (r *Relay) sent(e events.Event) {
	user, ofUser := strings.CutPrefix(e.Topic, "user:")
	if !ofUser || !strings.HasPrefix(e.Type, "generation:") {
		return
	}
	update := generationUpdate{user: user, Timestamp: e.At.UTC()}
	if json.Unmarshal(e.Data, &update) != nil || update.GenerationID == uuid.Nil {
		return
	}
	if update.Status == "completed" {
		update.Progress = 100
	}
	r.mu.Lock()
	r.pending[update.GenerationID] = update
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *Relay) run(ctx context.Context, started func()) {
	started()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		updates := r.pending
		r.pending = make(map[uuid.UUID]generationUpdate)
		r.mu.Unlock()
		for _, u := range updates {
			if err := r.relay(ctx, u); err != nil && ctx.Err() == nil {
				r.log.WarnContext(ctx, "relay: rooms not told", "generation", u.GenerationID, "error", err)
			}
		}
	}
}

func (r *Relay) relay(ctx context.Context, u generationUpdate) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	seats, err := r.presence.Where(ctx, u.user)
	if err != nil {
		return err
	}
	for _, seat := range seats {
		u.User = seat.Info
		err := r.publisher.Ephemeral(seat.Scope, "generation "+u.GenerationID.String(), "user_generation_update", u)
		if err != nil {
			return err
		}
	}
	return nil
}
