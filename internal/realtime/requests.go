package realtime

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/events"
)

// handle answers one request. What goes wrong is returned, for the link to tell
// in its way.
func (s *session) handle(ctx context.Context, req request, answer reply) error {
	limited, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	err := s.dispatch(limited, req, answer)
	if err != nil && apperr.From(err).Kind == apperr.Internal && ctx.Err() == nil {
		s.hub.cfg.Log.ErrorContext(ctx, "realtime: request failed", "type", req.Type, "error", err)
	}
	return err
}

func (s *session) dispatch(ctx context.Context, req request, answer reply) error {
	if s.user == uuid.Nil && req.Type != "authenticate" && req.Type != "ping" {
		return apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", "Send authenticate first.")
	}
	switch req.Type {
	case "authenticate":
		return s.authenticate(ctx, req, answer)
	case "subscribe":
		return s.subscribe(ctx, req, answer)
	case "unsubscribe":
		s.drop(req.Topic)
		answer("ack", struct{}{})
		return nil
	case "subscribe:generation":
		return s.followGeneration(ctx, req, answer)
	case "unsubscribe:generation":
		answer("ack", struct{}{}) // events of all own generations come on the user's topic
		return nil
	case "join_room", "leave_room", "collaboration_message", "typing_start", "typing_stop":
		return s.dispatchRoom(ctx, req, answer)
	case "ping":
		answer("pong", timestamp())
		return nil
	default:
		return apperr.New(apperr.Invalid, "UNKNOWN_TYPE", "There is no such message type.")
	}
}

type subscribed struct {
	Topic     string `json:"topic"`
	Seq       int64  `json:"seq"`
	Recovered bool   `json:"recovered"`
}

func (s *session) subscribe(ctx context.Context, req request, answer reply) error {
	may := func() error { return s.mayFollow(ctx, req.Topic) }
	if err := may(); err != nil {
		return err
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	return s.follow(ctx, req.Topic, after(req.After), may, func(pos events.Position) {
		answer("ack", subscribed{Topic: req.Topic, Seq: pos.Seq, Recovered: pos.Recovered})
	})
}

// mayFollow lets people follow their own topic, the rooms that they are members
// of, and what concerns everybody.
func (s *session) mayFollow(ctx context.Context, topic string) error {
	if topic == userTopic(s.user) || topic == systemTopic {
		return nil
	}
	if room, ok := roomOf(topic); ok {
		return s.hub.cfg.Rooms.Check(ctx, s.user, room)
	}
	return apperr.New(apperr.NotFound, "TOPIC_NOT_FOUND", "There is no such topic, or it is not yours.")
}

// followGeneration sends the state of an own generation. What follows comes on
// the user's topic anyway. A state that was read before an event must not be
// sent after it, or a finished song would look unfinished for good; so if one
// has come in between, the state is read again.
func (s *session) followGeneration(ctx context.Context, req request, answer reply) error {
	id, err := idIn(req.Data, "generationId", "generation")
	if err != nil {
		return err
	}
	for {
		before := s.passedSoFar()
		typ, data, err := s.hub.cfg.Snapshots.Snapshot(ctx, s.user, id)
		if err != nil {
			return err
		}
		if s.unlessPassed(before, func() {
			answer("ack", struct{}{})
			s.link.tell(userTopic(s.user), typ, data)
		}) {
			return nil
		}
	}
}

func (s *session) passedSoFar() int {
	s.gate.Lock()
	defer s.gate.Unlock()
	return s.passed
}

// unlessPassed calls send unless a durable event has been passed on since.
func (s *session) unlessPassed(before int, send func()) bool {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.passed != before {
		return false
	}
	send()
	return true
}

// idIn reads an id given as a string or as {field: id}.
func idIn(data json.RawMessage, field, of string) (uuid.UUID, error) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		var object map[string]json.RawMessage
		if json.Unmarshal(data, &object) == nil {
			_ = json.Unmarshal(object[field], &text) // then it stays empty
		}
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, apperr.InvalidFields(apperr.Field{Field: field, Message: "Must be the id of a " + of + "."})
	}
	return id, nil
}
