package socketio

import "sync/atomic"

// Event is what a client has emitted.
type Event struct {
	Name string
	Args []Value

	socket *Socket
	id     int64
	acked  atomic.Bool
	size   int // in bytes, of all that the client has sent for it
}

// WantsAck reports whether the client waits for an acknowledgement.
func (e *Event) WantsAck() bool { return e.id != noID && !e.acked.Load() }

// Arg is the i-th argument, or null if the client has sent fewer.
func (e *Event) Arg(i int) Value {
	if i < len(e.Args) {
		return e.Args[i]
	}
	return Value{}
}

// Ack acknowledges the event, once. It may be called after the handler has
// returned.
func (e *Event) Ack(args ...any) error {
	if e.id == noID || e.acked.Swap(true) {
		return ErrNoAck
	}
	if args == nil {
		args = []any{}
	}
	p, err := encodePacket(typeAck, e.socket.namespace.name, e.id, args)
	if err != nil {
		return err
	}
	return e.socket.Send(p)
}
