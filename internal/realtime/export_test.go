package realtime

import "encoding/json"

// Request is what parseRequest makes of a frame, for the fuzz test.
type Request = request

var ParseRequest = parseRequest

// ErrorFrame is the encoded answer to a bad request.
func ErrorFrame(id json.RawMessage, err error) []byte { return errorFrame(id, err).encode() }

// Outbox is an outbox, for the model test.
type Outbox struct{ *outbox }

func NewOutbox(limit int) Outbox { return Outbox{newOutbox(limit)} }

func (o Outbox) Push(body []byte, key string)              { o.push(body, key) }
func (o Outbox) Pop() ([]byte, error)                      { return o.pop() }
func (o Outbox) Mark() int                                 { return o.mark() }
func (o Outbox) PushSince(mark int, bodies ...[]byte) bool { return o.pushSince(mark, bodies...) }
func (o Outbox) Size() (bytes, items int)                  { return o.bytes, len(o.items) }
func (o Outbox) Wake() <-chan struct{}                     { return o.wake }

const ItemCost = itemCost

// Clip makes a close reason fit.
var Clip = clip
