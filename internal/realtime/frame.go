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
// ignored, so that newer clients can talk to older servers. With an error the
// request has at most an id, to answer with.
func parseRequest(b []byte) (request, error) {
	var r request
	err := json.Unmarshal(b, &r)
	if bytes.Equal(r.ID, []byte("null")) {
		r.ID = nil
	}
	switch {
	case !validID(r.ID):
		return request{}, apperr.New(apperr.Invalid, "BAD_FRAME", "The id must be a string of at most 64 bytes or a number.")
	case err != nil:
		return request{ID: r.ID}, apperr.Wrap(err, apperr.Invalid, "BAD_FRAME", "A frame must be a JSON object with a type.")
	case r.Type == "":
		return request{ID: r.ID}, apperr.New(apperr.Invalid, "BAD_FRAME", "A frame needs a type.")
	}
	return r, nil
}

func validID(id json.RawMessage) bool {
	if len(id) == 0 {
		return true
	}
	first := id[0]
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
