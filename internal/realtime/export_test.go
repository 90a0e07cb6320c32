package realtime

import (
	"bytes"
	"encoding/json"
)

// Request is what parseRequest makes of a frame, for the fuzz test.
type Request = request

var ParseRequest = parseRequest

// ErrorFrame is the encoded answer to a bad request.
func ErrorFrame(id json.RawMessage, err error) []byte {
	b := errorFrame(id, err).encode()
	return b[bytes.IndexByte(b, '{'):]
}

// Outbox is an outbox, for the model test.
type Outbox struct{ *outbox }

func NewOutbox(limit int) Outbox { return Outbox{newOutbox(limit)} }

func (o Outbox) Push(body []byte, key string) bool        { return o.push(body, key) }
func (o Outbox) Pop(dst []byte, most int) ([]byte, error) { return o.pop(dst, most) }
func (o Outbox) Size() (bytes, items int)                 { return o.bytes, len(o.items) }

const ItemCost = itemCost

// Clip makes a close reason fit.
var Clip = clip

// WireFrame is the frame of a message.
func WireFrame(payload []byte) []byte { return wireFrame(opText, payload) }

// DefaultLimits are those of a hub that was told none.
func DefaultLimits() (l Limits) {
	l.setDefaults()
	return l
}
