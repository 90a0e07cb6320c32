package events

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/notify"
	"son1k/internal/queries"
)

// Publisher appends and sends events. It is safe for concurrent use.
type Publisher struct {
	q      *queries.Queries
	sender *notify.Sender
	sent   func(Event)
}

// NewPublisher returns a Publisher that sends through s.
func NewPublisher(s *notify.Sender) *Publisher {
	return &Publisher{q: queries.New(), sender: s, sent: func(Event) {}}
}

// OnSend makes the publisher call f with each event that it sends, which f must
// not hold up. It must be called before the publisher is used.
func (p *Publisher) OnSend(f func(Event)) { p.sent = f }

// maxData is the longest data of an event, in bytes; whoever follows gets it in
// one frame. It is below what a subscriber may miss and still get replayed.
const maxData = 256 << 10

// AppendTx logs a durable event in the caller's transaction. From here to the
// commit other appends to the topic wait, so append last, and to several topics
// always in the same order. After the commit, call Publish with the event. Data
// is marshalled to JSON, of at most 256 KiB.
func (p *Publisher) AppendTx(ctx context.Context, tx pgx.Tx, topic, typ string, data any) (Event, error) {
	raw, err := json.Marshal(data)
	if err != nil {
		return Event{}, fmt.Errorf("events: data of %s: %w", typ, err)
	}
	if len(raw) > maxData {
		return Event{}, fmt.Errorf("events: data of %s: %d bytes are too long", typ, len(raw))
	}
	row, err := p.q.EventsAppend(ctx, tx, queries.EventsAppendParams{Topic: topic, Type: typ, Data: raw})
	if err != nil {
		return Event{}, fmt.Errorf("events: append: %w", err)
	}
	return Event{Topic: topic, Seq: row.Seq, Type: typ, Data: raw, At: row.CreatedAt}, nil
}

// Publish sends events whose transaction has committed. It never blocks.
func (p *Publisher) Publish(events ...Event) {
	for _, e := range events {
		p.sender.Send(Channel, "", encode(e))
		p.sent(e)
	}
}

// Ephemeral sends an event that is not kept. While it waits to be sent, a later
// one with the same topic and key replaces it. It never blocks.
func (p *Publisher) Ephemeral(topic, key, typ string, data any) error {
	return p.EphemeralFrom("", topic, key, typ, data)
}

// EphemeralFrom sends an ephemeral event that is from's own doing.
func (p *Publisher) EphemeralFrom(from, topic, key, typ string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("events: data of %s: %w", typ, err)
	}
	e := Event{Topic: topic, Type: typ, Data: raw, At: time.Now(), Key: key, From: from}
	text := encode(e)
	if len(text) > notify.MaxMessage {
		return fmt.Errorf("events: ephemeral %s of %d bytes is too long", typ, len(text))
	}
	p.sender.Send(Channel, topic+" "+key, text)
	p.sent(e)
	return nil
}

// encode gives the message for an event. One that is too long goes without its
// data: its number is enough for receivers to read it from the log.
func encode(e Event) string {
	text, err := json.Marshal(e)
	if err == nil && len(text) > notify.MaxMessage && e.Seq > 0 {
		text, err = json.Marshal(Event{Topic: e.Topic, Seq: e.Seq, At: e.At})
	}
	if err != nil {
		panic(err) // an Event always marshals: Data came from json.Marshal
	}
	return string(text)
}

// Upkeep makes partitions of the log ahead of time and drops expired ones. One
// process at a time should call it.
func (p *Publisher) Upkeep(ctx context.Context, db queries.DBTX) error {
	return p.q.EventsUpkeep(ctx, db)
}
