package engineio

import (
	"encoding/base64"
	"encoding/binary"
	"time"
)

// separator is between the packets of a payload.
const separator = 0x1e

// Message is what Session.Send sends: a text, a binary, or a text and the
// binaries that follow it. It is encoded once, in a form that serves both
// transports, for any number of sessions. It is never changed.
type Message struct {
	first part
	rest  []part
	size  int // of all frames
	apart bool
}

// gap is the pause after a message that is sent apart.
const gap = 5 * time.Millisecond

// part is a packet in its WebSocket frame.
type part struct {
	frame  []byte
	head   int // length of the frame's header
	binary bool
}

// NewText makes a message of a text and the binaries that belong to it; nothing
// gets in between.
func NewText(text []byte, binaries ...[]byte) *Message {
	m := &Message{first: newPart(typeMessage, text)}
	m.size = len(m.first.frame)
	for _, data := range binaries {
		p := newBinaryPart(data)
		m.rest = append(m.rest, p)
		m.size += len(p.frame)
	}
	return m
}

// NewBinary makes a message of a binary alone.
func NewBinary(data []byte) *Message {
	p := newBinaryPart(data)
	return &Message{first: p, size: len(p.frame)}
}

// NewTextApart makes a text after which a WebSocket pauses for a moment. It is
// for answers that clients act on before they look for what comes next: some,
// the protocol's own conformance suite among them, lose a message that arrives
// together with such an answer.
func NewTextApart(text []byte) *Message {
	m := NewText(text)
	m.apart = true
	return m
}

// newPacket makes a packet that is not a message.
func newPacket(typ byte, data string) *Message {
	p := newPart(typ, []byte(data))
	return &Message{first: p, size: len(p.frame)}
}

func newPart(typ byte, data []byte) part {
	frame := make([]byte, 0, maxHeader+1+len(data))
	frame = appendHeader(frame, opText, 1+len(data))
	p := part{head: len(frame)}
	p.frame = append(append(frame, typ), data...)
	return p
}

func newBinaryPart(data []byte) part {
	frame := make([]byte, 0, maxHeader+len(data))
	frame = appendHeader(frame, opBinary, len(data))
	p := part{head: len(frame), binary: true}
	p.frame = append(frame, data...)
	return p
}

// appendPayload appends the packet as polls receive it.
func (p part) appendPayload(to []byte) []byte {
	data := p.frame[p.head:]
	if !p.binary {
		return append(to, data...)
	}
	return base64.StdEncoding.AppendEncode(append(to, 'b'), data)
}

// appendFrames appends all frames of the message.
func (m *Message) appendFrames(to []byte) []byte {
	to = append(to, m.first.frame...)
	for _, p := range m.rest {
		to = append(to, p.frame...)
	}
	return to
}

// encodePayload joins messages to the body of the answer to a poll.
func encodePayload(messages []*Message) []byte {
	var body []byte
	for i, m := range messages {
		if i > 0 {
			body = append(body, separator)
		}
		body = m.first.appendPayload(body)
		for _, p := range m.rest {
			body = p.appendPayload(append(body, separator))
		}
	}
	return body
}

// Opcodes of WebSocket frames (RFC 6455, 5.2).
const (
	opText   = 1
	opBinary = 2
	opClose  = 8
)

// maxHeader is the length of the longest header of a frame from a server.
const maxHeader = 10

// appendHeader appends the header of an unmasked, final frame.
func appendHeader(to []byte, opcode byte, length int) []byte {
	to = append(to, 0x80|opcode)
	switch {
	case length <= 125:
		return append(to, byte(length))
	case length <= 0xffff:
		return binary.BigEndian.AppendUint16(append(to, 126), uint16(length))
	default:
		return binary.BigEndian.AppendUint64(append(to, 127), uint64(length))
	}
}
