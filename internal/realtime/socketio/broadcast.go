package socketio

// Broadcast addresses the sockets of a namespace or of some of its rooms.
type Broadcast struct {
	namespace *Namespace
	rooms     []string
	except    *Socket
}

// Except leaves a socket out, usually the one whose event is passed on.
func (b Broadcast) Except(s *Socket) Broadcast {
	b.except = s
	return b
}

// Emit encodes an event once and sends it.
func (b Broadcast) Emit(event string, args ...any) error {
	p, err := EncodeEvent(b.namespace.name, event, args...)
	if err == nil {
		b.Send(p)
	}
	return err
}

// Send sends a packet of the namespace to each of the sockets once.
func (b Broadcast) Send(p Packet) {
	b.each(func(s *Socket) { s.Send(p) })
}

// SendLatest is Socket.SendLatest for each of the sockets.
func (b Broadcast) SendLatest(key string, p Packet) {
	b.each(func(s *Socket) { s.SendLatest(key, p) })
}

// each calls f, which must not wait, with the namespace's lock held for reading.
func (b Broadcast) each(f func(*Socket)) {
	n := b.namespace
	n.mu.RLock()
	defer n.mu.RUnlock()
	if len(b.rooms) == 0 {
		for _, s := range n.sockets {
			b.unlessExcepted(s, f)
		}
		return
	}
	for i, room := range b.rooms {
		for s := range n.rooms[room] {
			if !b.reached(s, i) {
				b.unlessExcepted(s, f)
			}
		}
	}
}

// reached reports whether the socket is in one of the rooms before the i-th.
func (b Broadcast) reached(s *Socket, i int) bool {
	for _, room := range b.rooms[:i] {
		if _, in := s.rooms[room]; in {
			return true
		}
	}
	return false
}

func (b Broadcast) unlessExcepted(s *Socket, f func(*Socket)) {
	if s != b.except {
		f(s)
	}
}
