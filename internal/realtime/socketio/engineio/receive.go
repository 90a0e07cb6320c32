package engineio

import (
	"errors"

	"github.com/coder/websocket"
)

var (
	errHeartbeat = errors.New("clients do not ping")
	errClosed    = errors.New("the client closes the session")
)

// receive handles a packet of an open session, whichever transport it came
// over. After an error the session is to be ended with it.
func (s *Session) receive(p packet) error {
	s.incoming.Lock()
	defer s.incoming.Unlock()
	if s.hasEnded() {
		return nil
	}
	switch p.typ {
	case typeMessage:
		s.server.stats.received.Add(1)
		return s.receiver.Receive(p.data, p.binary)
	case typePong:
		s.pong()
	case typePing:
		return errHeartbeat
	case typeClose:
		return errClosed
	}
	return nil // the others mean nothing here
}

func (s *Session) hasEnded() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// endingOf says how a session ends after an error of receive.
func endingOf(err error) ending {
	switch {
	case errors.Is(err, errClosed):
		return ending{reason: TransportClosed, bye: typeNoop}
	case errors.Is(err, errHeartbeat):
		return ending{reason: TransportError}
	case errors.Is(err, errUTF8):
		return ending{reason: ParseError, code: websocket.StatusInvalidFramePayloadData}
	}
	return ending{reason: ParseError}
}
