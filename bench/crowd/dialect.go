package crowd

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// meaning is what a message says to a client.
type meaning int

const (
	nothing meaning = iota
	joined          // the client has joined all that it wants
	event           // with a number
	refused
)

// dialect is a protocol above WebSocket.
type dialect interface {
	// upgrade is the path with the query, and further headers of the handshake.
	upgrade() (target, headers string)
	// opened is what the client says first; nil: nothing.
	opened(token string) []byte
	// read tells what a message means, and what the client answers to it. For an
	// event it returns its number.
	read(message []byte, token string) (m meaning, number int, answer []byte)
}

func dialectOf(name, topic string) (dialect, error) {
	switch name {
	case "son1k":
		return son1k{topic}, nil
	case "socketio":
		return socketIO{topic}, nil
	}
	return nil, fmt.Errorf("crowd: no dialect %q", name)
}

// son1k is Son1k's own protocol. The topic is that of a room.
type son1k struct{ topic string }

func (son1k) upgrade() (target, headers string) {
	return "/ws", "Sec-WebSocket-Protocol: son1k.v1\r\n"
}

func (son1k) opened(token string) []byte {
	return fmt.Appendf(nil, `{"type":"authenticate","data":{"token":%q}}`, token)
}

func (d son1k) read(m []byte, _ string) (meaning, int, []byte) {
	switch {
	case bytes.HasPrefix(m, []byte(`{"type":"bench"`)):
		return event, number(m), nil
	case bytes.HasPrefix(m, []byte(`{"type":"authenticated"`)):
		if d.topic != "" {
			return nothing, 0, fmt.Appendf(nil, `{"type":"join_room","data":{"roomId":%q}}`, strings.TrimPrefix(d.topic, "room:"))
		}
		return joined, 0, nil
	case bytes.HasPrefix(m, []byte(`{"type":"room_joined"`)):
		return joined, 0, nil
	case bytes.HasPrefix(m, []byte(`{"type":"error"`)):
		return refused, 0, nil
	}
	return nothing, 0, nil
}

// socketIO is Socket.IO 5 over Engine.IO 4. The first character of a message is
// the Engine.IO packet type, 4 being a message, whose first character is the
// Socket.IO packet type.
type socketIO struct{ topic string }

func (socketIO) upgrade() (target, headers string) {
	return "/socket.io/?EIO=4&transport=websocket", ""
}

func (socketIO) opened(string) []byte { return nil }

func (d socketIO) read(m []byte, token string) (meaning, int, []byte) {
	switch {
	case bytes.HasPrefix(m, []byte(`42["bench"`)):
		return event, number(m), nil
	case bytes.HasPrefix(m, []byte(`2`)): // ping
		return nothing, 0, []byte(`3`)
	case bytes.HasPrefix(m, []byte(`0`)): // open
		return nothing, 0, fmt.Appendf(nil, `40{"token":%q}`, token)
	case bytes.HasPrefix(m, []byte(`42["authenticated"`)):
		if d.topic != "" {
			return nothing, 0, fmt.Appendf(nil, `42["subscribe",%q]`, d.topic)
		}
		return joined, 0, nil
	case bytes.HasPrefix(m, []byte(`42["subscribed"`)):
		return joined, 0, nil
	case bytes.HasPrefix(m, []byte(`44`)), bytes.HasPrefix(m, []byte(`1`)): // connect error, close
		return refused, 0, nil
	}
	return nothing, 0, nil
}

// number finds the number of an event in its data, {"n": 1, …}.
func number(m []byte) int {
	_, m, ok := bytes.Cut(m, []byte(`"n":`))
	if !ok {
		return -1
	}
	m = bytes.TrimLeft(m, " ")
	end := bytes.IndexFunc(m, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		return -1
	}
	n, err := strconv.Atoi(string(m[:end]))
	if err != nil {
		return -1
	}
	return n
}
