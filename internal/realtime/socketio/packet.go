package socketio

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
)

// Types of packets.
const (
	typeConnect      = '0'
	typeDisconnect   = '1'
	typeEvent        = '2'
	typeAck          = '3'
	typeConnectError = '4'
	typeBinaryEvent  = '5'
	typeBinaryAck    = '6'
)

// root is the namespace that packets need not name.
const root = "/"

// noID is the acknowledgement id of a packet without one.
const noID = -1

var errPacket = errors.New("invalid packet")

// header is a packet without its binaries, which follow it.
type header struct {
	typ         byte
	namespace   string
	id          int64 // noID: none
	attachments int
	payload     []byte // JSON as the type demands it; empty if absent
}

// event and ack tell the kinds whether with binaries or without.
func (h header) isEvent() bool  { return h.typ == typeEvent || h.typ == typeBinaryEvent }
func (h header) isAck() bool    { return h.typ == typeAck || h.typ == typeBinaryAck }
func (h header) isBinary() bool { return h.typ == typeBinaryEvent || h.typ == typeBinaryAck }

// decodeHeader reads
//
//	type[attachments "-"][namespace ","][id][payload]
//
// with a payload that is valid JSON and of the kind that the type demands.
func decodeHeader(text []byte) (header, error) {
	if len(text) == 0 || text[0] < typeConnect || text[0] > typeBinaryAck {
		return header{}, errPacket
	}
	h := header{typ: text[0], namespace: root, id: noID}
	rest := text[1:]
	if h.isBinary() {
		digits, after, found := bytes.Cut(rest, []byte("-"))
		n, err := parseDigits(digits)
		if !found || err != nil || n > maxCount {
			return header{}, errPacket
		}
		h.attachments, rest = int(n), after
	}
	if len(rest) > 0 && rest[0] == '/' {
		name, after, _ := bytes.Cut(rest, []byte(","))
		h.namespace, rest = string(name), after
	}
	if n := countDigits(rest); n > 0 {
		id, err := parseDigits(rest[:n])
		if err != nil {
			return header{}, errPacket
		}
		h.id, rest = id, rest[n:]
	}
	h.payload = rest
	if !h.payloadFits() {
		return header{}, errPacket
	}
	return h, nil
}

// maxCount keeps the number of attachments an int; what is really allowed is
// far less.
const maxCount = 1 << 30

func countDigits(b []byte) int {
	n := bytes.IndexFunc(b, func(r rune) bool { return r < '0' || r > '9' })
	if n < 0 {
		return len(b)
	}
	return n
}

// parseDigits reads a number that JavaScript can hold.
func parseDigits(b []byte) (int64, error) {
	if len(b) == 0 || countDigits(b) != len(b) {
		return 0, errPacket
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n > 1<<53-1 {
		return 0, errPacket
	}
	return n, nil
}

// payloadFits reports whether the payload is of the kind that the type demands.
func (h header) payloadFits() bool {
	switch h.typ {
	case typeConnect:
		return len(h.payload) == 0 || isObject(h.payload)
	case typeDisconnect:
		return len(h.payload) == 0
	case typeConnectError:
		return len(h.payload) == 0 || json.Valid(h.payload)
	}
	return true // an array, which is looked at when it is taken apart
}

func isObject(b []byte) bool {
	b = bytes.TrimLeft(b, " \t\r\n")
	return len(b) > 0 && b[0] == '{' && json.Valid(b)
}

// splitArray takes a JSON array apart.
func splitArray(b []byte) ([]json.RawMessage, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil || items == nil {
		return nil, errPacket
	}
	return items, nil
}

// eventName is the first item of an event: a string that means nothing to the
// protocol's libraries, or a number, whose name is its text.
func eventName(item json.RawMessage) (string, error) {
	if item[0] == '-' || (item[0] >= '0' && item[0] <= '9') {
		return string(item), nil
	}
	var name string
	if item[0] != '"' || json.Unmarshal(item, &name) != nil || reserved(name) {
		return "", errPacket
	}
	return name, nil
}

func reserved(event string) bool {
	return slices.Contains([]string{
		"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener",
	}, event)
}
