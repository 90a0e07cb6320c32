package realtime

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/events"
)

// handle answers one frame.
func (c *conn) handle(ctx context.Context, body []byte) {
	req, err := parseRequest(body)
	if err == nil {
		limited, cancel := context.WithTimeout(ctx, requestTimeout)
		defer cancel()
		err = c.dispatch(limited, req)
	}
	if err == nil {
		return
	}
	if e := apperr.From(err); e.Kind == apperr.Internal && ctx.Err() == nil {
		c.hub.cfg.Log.ErrorContext(ctx, "realtime: request failed", "type", req.Type, "error", err)
	}
	c.send(errorFrame(req.ID, err))
}

func (c *conn) dispatch(ctx context.Context, req request) error {
	switch req.Type {
	case "authenticate":
		return c.authenticate(ctx, req)
	case "subscribe":
		return c.subscribe(ctx, req)
	case "unsubscribe":
		return c.unsubscribe(req)
	case "subscribe:generation":
		return c.followGeneration(ctx, req)
	case "unsubscribe:generation":
		c.ack(req.ID, struct{}{}) // events of all own generations come on the user's topic
		return nil
	case "ping":
		c.send(frame{Type: "pong", ID: req.ID, Data: timestamp()})
		return nil
	default:
		return apperr.New(apperr.Invalid, "UNKNOWN_TYPE", "There is no such message type.")
	}
}

// authenticate takes a token: the first one of the connection, or a fresh one
// of the same user before the old one expires.
func (c *conn) authenticate(ctx context.Context, req request) error {
	var data struct {
		Token string `json:"token"`
		After *int64 `json:"after"`
	}
	if err := json.Unmarshal(req.Data, &data); err != nil || data.Token == "" {
		return apperr.New(apperr.Unauthenticated, "AUTH_REQUIRED", `Send {"type":"authenticate","data":{"token":"…"}}.`)
	}
	p, err := c.hub.cfg.Auth.Authenticate(ctx, data.Token)
	if err != nil {
		return err
	}
	if c.principal.UserID == uuid.Nil {
		after := events.Live
		if data.After != nil && *data.After >= 0 {
			after = *data.After
		}
		return c.welcome(ctx, p, req.ID, after)
	}
	if p.UserID != c.principal.UserID {
		return apperr.New(apperr.Forbidden, "OTHER_USER", "The token is another user's. Open another connection for it.")
	}
	c.principal = p
	c.expiry.set(p.ExpiresAt)
	c.send(frame{Type: "authenticated", ID: req.ID, Data: authenticated{Success: true, UserID: p.UserID, Topic: userTopic(p)}})
	return nil
}

// authenticated is the data of the answer to a good token or ticket. The answer
// to a renewed token says nothing about events.
type authenticated struct {
	Success   bool      `json:"success"`
	UserID    uuid.UUID `json:"userId"`
	Topic     string    `json:"topic"`
	Seq       *int64    `json:"seq,omitempty"`       // of the last event before the live ones
	Recovered *bool     `json:"recovered,omitempty"` // whether all events after the one asked for were replayed
}

func userTopic(p auth.Principal) string { return "user:" + p.UserID.String() }

// welcome makes the connection p's and follows p's own topic. The answer comes
// after what was replayed and before anything live.
func (c *conn) welcome(ctx context.Context, p auth.Principal, id json.RawMessage, after int64) error {
	c.principal = p
	err := c.follow(ctx, userTopic(p), after, func(pos events.Position) {
		c.send(frame{Type: "authenticated", ID: id, Data: authenticated{
			Success: true, UserID: p.UserID, Topic: userTopic(p), Seq: &pos.Seq, Recovered: &pos.Recovered,
		}})
	})
	c.expiry.set(p.ExpiresAt)
	return err
}

// follow subscribes to a topic, anew if the connection follows it already, and
// calls replayed between what was missed and what is live.
func (c *conn) follow(ctx context.Context, topic string, after int64, replayed func(events.Position)) error {
	old, again := c.subs[topic]
	if !again && len(c.subs) >= c.hub.cfg.Limits.Topics {
		return apperr.New(apperr.Invalid, "TOO_MANY_TOPICS", "Unsubscribe from a topic first.")
	}
	s, pos, err := c.hub.cfg.Feed.Subscribe(ctx, topic, after, c.receive)
	if err != nil {
		return err
	}
	if again {
		old.Close()
	}
	c.subs[topic] = s
	s.Begin(func() { replayed(pos) })
	return nil
}

// receive puts an event in the outbox; the feed calls it.
func (c *conn) receive(e events.Event) {
	if e.Gap {
		c.send(frame{Type: "gap", Topic: e.Topic, Data: map[string]bool{"recovered": false}})
	}
	key := e.Key
	if key != "" {
		key = e.Topic + " " + key
	}
	c.out.push(e.Encoded(encodeEvent), key)
}

type subscribed struct {
	Topic     string `json:"topic"`
	Seq       int64  `json:"seq"`
	Recovered bool   `json:"recovered"`
}

func (c *conn) subscribe(ctx context.Context, req request) error {
	if err := c.mayFollow(req.Topic); err != nil {
		return err
	}
	after := events.Live
	if req.After != nil && *req.After >= 0 {
		after = *req.After
	}
	return c.follow(ctx, req.Topic, after, func(pos events.Position) {
		c.ack(req.ID, subscribed{Topic: req.Topic, Seq: pos.Seq, Recovered: pos.Recovered})
	})
}

// mayFollow lets people follow their own topic and what concerns everybody.
func (c *conn) mayFollow(topic string) error {
	if topic == userTopic(c.principal) || topic == "system" {
		return nil
	}
	return apperr.New(apperr.NotFound, "TOPIC_NOT_FOUND", "There is no such topic, or it is not yours.")
}

func (c *conn) unsubscribe(req request) error {
	if s, ok := c.subs[req.Topic]; ok {
		s.Close()
		delete(c.subs, req.Topic)
	}
	c.ack(req.ID, struct{}{})
	return nil
}

// followGeneration sends the state of an own generation. What follows comes on
// the user's topic anyway. A state that was read before an event must not be
// sent after it, or a finished song would look unfinished for good; so if one
// has come in between, the state is read again.
func (c *conn) followGeneration(ctx context.Context, req request) error {
	id, err := generationID(req.Data)
	if err != nil {
		return err
	}
	for {
		mark := c.out.mark()
		typ, data, err := c.hub.cfg.Snapshots.Snapshot(ctx, c.principal.UserID, id)
		if err != nil {
			return err
		}
		frames := [][]byte{frame{Type: typ, Topic: userTopic(c.principal), Data: data}.encode()}
		if req.ID != nil {
			frames = [][]byte{frame{Type: "ack", ID: req.ID, Data: struct{}{}}.encode(), frames[0]}
		}
		if c.out.pushSince(mark, frames...) {
			return nil
		}
	}
}

// generationID reads an id given as a string or as {"generationId": …}.
func generationID(data json.RawMessage) (uuid.UUID, error) {
	var text string
	if json.Unmarshal(data, &text) != nil {
		var object struct {
			GenerationID string `json:"generationId"`
		}
		if json.Unmarshal(data, &object) == nil {
			text = object.GenerationID
		}
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, apperr.InvalidFields(apperr.Field{Field: "generationId", Message: "Must be the id of a generation."})
	}
	return id, nil
}
