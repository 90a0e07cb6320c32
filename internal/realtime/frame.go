package realtime

import (
	"bytes"
	"encoding/json"
	"time"

	"son1k/internal/apperr"
	"son1k/internal/events"
)

// frame is a message from the server.
type frame struct {
	Type  string          `json:"type"`
	ID    json.RawMessage `json:"id,omitempty"`
	Topic string          `json:"topic,omitempty"`
	Seq   int64           `json:"seq,omitempty"`
	TS    *time.Time      `json:"ts,omitempty"`
	Data  any             `json:"data"`
}

func (f frame) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // the data of all frames are plain structs or valid JSON
	}
	return b
}

func encodeEvent(e events.Event) []byte {
	at := e.At.UTC()
	return frame{Type: e.Type, Topic: e.Topic, Seq: e.Seq, TS: &at, Data: e.Data}.encode()
}

// request is a message from a client.
type request struct {
	Type  string          `json:"type"`
	ID    json.RawMessage `json:"id"` // a string or a number, echoed in the reply
	Topic string          `json:"topic"`
	After *int64          `json:"after"`
	Data  json.RawMessage `json:"data"`
}

// parseRequest reads a client's frame. Fields that it does not know are
// ignored, so that newer clients can talk to older servers.
func parseRequest(b []byte) (request, error) {
	var r request
	if err := json.Unmarshal(b, &r); err != nil {
		return request{}, apperr.Wrap(err, apperr.Invalid, "BAD_FRAME", "A frame must be a JSON object with a type.")
	}
	if !validID(r.ID) {
		r.ID = nil
		return r, apperr.New(apperr.Invalid, "BAD_FRAME", "The id must be a string of at most 64 bytes or a number.")
	}
	if r.Type == "" {
		return r, apperr.New(apperr.Invalid, "BAD_FRAME", "A frame needs a type.")
	}
	return r, nil
}

func validID(id json.RawMessage) bool {
	if len(id) == 0 {
		return true
	}
	first := bytes.TrimSpace(id)[0]
	return len(id) <= 66 && (first == '"' || first == '-' || (first >= '0' && first <= '9'))
}

type errorData struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func errorFrame(id json.RawMessage, err error) frame {
	e := apperr.From(err)
	return frame{Type: "error", ID: id, Data: errorData{Code: e.Code, Message: e.Message}}
}
