// Package events tells every replica what happened.
//
// A durable event is a row of events.log, numbered per topic in the
// transaction that made it happen: the transaction holds the topic's counter
// row until it commits, so the numbers are in commit order and have no gaps.
// An ephemeral event (a progress tick) is never a row.
//
// After the commit the process sends the event on through notify, so that a
// replica usually gets it without reading. That message may be lost, late or
// too long to carry the event; the Feed of each replica therefore knows the
// number of the last event that it delivered per topic, takes a message that is
// not the next number as a hint to read the log, and compares with the topics'
// counters when its listener has reconnected and every few seconds. So a
// subscriber gets each durable event once and in order.
package events

import (
	"encoding/json"
	"time"
)

// Channel is the notification channel of the events.
const Channel = "son1k_events"

// Event is something that happened.
type Event struct {
	Topic string          `json:"topic"`
	Seq   int64           `json:"seq,omitempty"` // within the topic, from 1; 0 for an ephemeral event
	Type  string          `json:"type"`
	Data  json.RawMessage `json:"data"`
	At    time.Time       `json:"at"`
	// Key names what an ephemeral event is about: of those with the same topic
	// and key only the latest matters.
	Key string `json:"key,omitempty"`
	// Gap tells a subscriber that events before this one are gone for good, so
	// that it should read the state afresh.
	Gap bool `json:"-"`

	// From is whom an ephemeral event need not be told to: what it tells of is
	// that subject's own doing.
	From string `json:"from,omitempty"`

	memo *memo
}
