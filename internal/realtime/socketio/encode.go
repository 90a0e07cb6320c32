package socketio

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"son1k/internal/realtime/socketio/engineio"
)

// Packet is an event in the form in which it is sent. It belongs to a
// namespace; any number of the namespace's sockets may send it.
type Packet struct{ message *engineio.Message }

// valid is the message of a packet that EncodeEvent has made.
func (p Packet) valid() *engineio.Message {
	if p.message == nil {
		panic("socketio: a Packet must come from EncodeEvent")
	}
	return p.message
}

// EncodeEvent makes a packet of an event. The arguments are marshalled as JSON;
// a Binary among them, at any depth, is sent as binary.
func EncodeEvent(namespace, event string, args ...any) (Packet, error) {
	return encodeEvent(canonical(namespace), noID, event, args)
}

func encodeEvent(namespace string, id int64, event string, args []any) (Packet, error) {
	if reserved(event) {
		return Packet{}, fmt.Errorf("socketio: %q is reserved by the protocol", event)
	}
	return encodePacket(typeEvent, namespace, id, append([]any{event}, args...))
}

// encodePacket encodes a packet with a list: an event or an acknowledgement.
func encodePacket(typ byte, namespace string, id int64, list []any) (Packet, error) {
	var buf bytes.Buffer
	encoder := json.NewEncoder(&buf)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(list); err != nil {
		return Packet{}, fmt.Errorf("socketio: the arguments cannot be encoded: %w", err)
	}
	payload, binaries, err := extract(bytes.TrimSuffix(buf.Bytes(), []byte("\n")))
	if err != nil {
		return Packet{}, fmt.Errorf("socketio: the binaries cannot be encoded: %w", err)
	}
	h := header{typ: typ, namespace: namespace, id: id, attachments: len(binaries), payload: payload}
	if binaries != nil {
		h.typ += typeBinaryEvent - typeEvent
	}
	return Packet{engineio.NewText(h.encode(), binaries...)}, nil
}

// encode is the opposite of decodeHeader.
func (h header) encode() []byte {
	text := make([]byte, 0, len(h.payload)+len(h.namespace)+24)
	text = append(text, h.typ)
	if h.isBinary() {
		text = append(strconv.AppendInt(text, int64(h.attachments), 10), '-')
	}
	if h.namespace != root {
		text = append(append(text, h.namespace...), ',')
	}
	if h.id != noID {
		text = strconv.AppendInt(text, h.id, 10)
	}
	return append(text, h.payload...)
}

// canonical is the name of a namespace with its slash.
func canonical(namespace string) string {
	if namespace == "" || namespace[0] != '/' {
		return "/" + namespace
	}
	return namespace
}
