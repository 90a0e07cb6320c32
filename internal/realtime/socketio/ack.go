package socketio

import "context"

// EmitAck sends an event and waits for the client's acknowledgement, whose
// arguments it returns. It fails if the context or the socket ends before.
func (s *Socket) EmitAck(ctx context.Context, event string, args ...any) ([]Value, error) {
	id, answer := s.expectAck()
	if answer == nil {
		return nil, ErrClosed
	}
	defer s.forgetAck(id)
	p, err := encodeEvent(s.namespace.name, id, event, args)
	if err != nil {
		return nil, err
	}
	if err := s.Send(p); err != nil {
		return nil, err
	}
	select {
	case values := <-answer:
		return values, nil
	case <-s.Context().Done():
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// expectAck makes an id and a channel for its answer; nil if the socket is not
// connected.
func (s *Socket) expectAck() (int64, chan []Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != connected {
		return 0, nil
	}
	if s.acks == nil {
		s.acks = make(map[int64]chan []Value)
	}
	s.lastAck++
	answer := make(chan []Value, 1)
	s.acks[s.lastAck] = answer
	return s.lastAck, answer
}

func (s *Socket) forgetAck(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.acks, id)
}

// acknowledged passes an answer on to whoever waits for it, if anybody. It does
// not go through the worker, which may be the one that waits.
func (s *Socket) acknowledged(id int64, values []Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer := s.acks[id]; answer != nil {
		answer <- values // has room, and is forgotten
		delete(s.acks, id)
	}
}
