package engineio

import (
	"time"

	"github.com/coder/websocket"
)

// grace is how long a session that has ended may take to say goodbye: to send
// what waits, and to wait for the client's answer or next poll.
const grace = 2 * time.Second

// silence is how long a client says nothing before what it has sent is taken
// for complete.
const silence = 250 * time.Millisecond

// ending is how a session ends.
type ending struct {
	reason Reason
	flush  bool                 // send what waits first
	bye    byte                 // what the waiting poll is told at last; default close
	refuse bool                 // the waiting poll instead of telling it anything
	code   websocket.StatusCode // overrides that of the reason
}

// status is the code of the close frame.
func (e ending) status() websocket.StatusCode {
	switch {
	case e.code != 0:
		return e.code
	case e.reason == ServerStopping:
		return websocket.StatusServiceRestart
	case e.reason == ParseError, e.reason == TransportError:
		return websocket.StatusProtocolError
	case e.reason == Slow, e.reason == PingTimeout:
		return websocket.StatusPolicyViolation
	}
	return websocket.StatusNormalClosure
}

// end ends the session; only the first call does anything. The Receiver hears
// of it at once, while the transport may need some time to close.
func (s *Session) end(e ending) {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return
	}
	s.ended, s.why = true, e.reason
	if !e.flush {
		s.out.clear()
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.closeTransport(e)
	s.mu.Unlock()
	s.receiver.Closed(e.reason)
	s.server.ended()
}

// closeTransport says goodbye. The mutex is held.
func (s *Session) closeTransport(e ending) {
	if s.candidate != nil {
		s.candidate.cut(e.status(), string(e.reason))
	}
	if s.socket != nil {
		s.server.forget(s)
		s.socket.closing(e.status(), string(e.reason))
		s.startWriter()
		return
	}
	waits := s.poll != nil
	if waits {
		s.answerPoll(s.lastAnswer(e))
	}
	if waits || !e.flush || e.reason == ServerStopping {
		s.server.forget(s)
		return
	}
	// The next polls take the rest, if they come soon.
	s.parting = true
	s.timer = time.AfterFunc(grace, func() { s.server.forget(s) })
}

// lastAnswer is what a poll gets that waits when the session ends. The mutex is
// held.
func (s *Session) lastAnswer(e ending) answer {
	if e.refuse {
		return answer{refusal: badRequest()}
	}
	bye := e.bye
	if bye == 0 {
		bye = typeClose
	}
	return answer{messages: append(s.out.takeAll(), newPacket(bye, ""))}
}

// rest is what a poll of an ended session gets: first what waits, then, alone,
// that the session is closed, which clients would otherwise notice first. The
// mutex is held.
func (s *Session) rest() *answer {
	if s.out.peek() != nil {
		return &answer{messages: s.out.takeAll()}
	}
	s.parting = false
	s.timer.Stop()
	s.server.forget(s)
	return &answer{messages: []*Message{newPacket(typeClose, "")}}
}
