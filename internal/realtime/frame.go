package realtime

import (
	"bytes"
	"encoding/binary"
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

// encode gives the WebSocket frame, ready to be sent.
func (f frame) encode() []byte {
	b, err := json.Marshal(f)
	if err != nil {
		panic(err) // the data of all frames are plain structs or valid JSON
	}
	return wireFrame(opText, b)
}

// The opcodes that are written here (RFC 6455, 5.2).
const (
	opText = 0x1
	opPing = 0x9
)

// wireFrame puts a message into a frame. What a server sends is not masked, so
// one frame does for all sockets, and many can go out in one write. The library
// is left to read, to answer pings and to close: its own frames are all shorter
// than its buffer, so that they reach the socket in one piece too.
func wireFrame(opcode byte, payload []byte) []byte {
	b := make([]byte, 0, len(payload)+10)
	b = append(b, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return append(b, payload...)
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

// after is the number from which a client wants to resume.
func after(n *int64) int64 {
	if n != nil && *n >= 0 {
		return *n
	}
	return events.Live
}

type errorData struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func errorOf(err error) errorData {
	e := apperr.From(err)
	return errorData{Code: e.Code, Message: e.Message}
}

func errorFrame(id json.RawMessage, err error) frame {
	return frame{Type: "error", ID: id, Data: errorOf(err)}
}
