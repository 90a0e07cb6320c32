package socketio

import (
	"encoding/json"
	"errors"

	"son1k/internal/realtime/socketio/engineio"
)

// ConnectError refuses a client that asks for a namespace; it is sent to it.
type ConnectError struct {
	Message string `json:"message"`
	Data    any    `json:"data,omitempty"`
}

func (e *ConnectError) Error() string { return e.Message }

// encode is the payload of the packet.
func (e *ConnectError) encode() ([]byte, error) { return json.Marshal(e) }

var (
	// ErrClosed means that the socket is not connected, or not any more.
	ErrClosed = errors.New("socketio: the socket is not connected")
	// ErrNoAck means that the client did not ask for an acknowledgement, or
	// has got it.
	ErrNoAck = errors.New("socketio: no acknowledgement is wanted")
)

// Reason says why a socket was disconnected.
type Reason = engineio.Reason

// Reasons beside those of engineio, which end all sockets of a client.
const (
	ClientDisconnect Reason = "client namespace disconnect"
	ServerDisconnect Reason = "server namespace disconnect"
	Flood            Reason = "flood" // more events than the handlers can keep up with
)
