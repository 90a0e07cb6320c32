package engineio

import (
	"net/http"
	"strconv"
	"time"
)

// probeHold is how long a poll still waits once the session has been probed: the
// upgrade packet may be on its way on another connection, and then the poll is
// too late.
const probeHold = 50 * time.Millisecond

// abandonedSoon is how long it takes at most to see that a client has closed the
// connection of a request, if it had done so before.
const abandonedSoon = 10 * time.Millisecond

// poll is a GET that waits for packets.
type poll struct{ ready chan answer }

// answer is what a poll gets.
type answer struct {
	messages []*Message
	refusal  *refusal
}

func newPoll() *poll { return &poll{ready: make(chan answer, 1)} }

// answerPoll lets the waiting poll go. The mutex is held.
func (s *Session) answerPoll(a answer) {
	s.poll.ready <- a // has room: a poll is answered once
	s.poll = nil
}

// openPolling answers the handshake.
func (s *Session) openPolling(w http.ResponseWriter) {
	s.startHeartbeat()
	writePoll(w, s.hello(s.server.upgrades()))
}

// servePoll answers a GET when there is something to send.
func (s *Session) servePoll(w http.ResponseWriter, r *http.Request) *refusal {
	// The time that an HTTP server grants for requests is not meant for polls.
	control := http.NewResponseController(w) // not all writers can do what it asks for
	_ = control.SetReadDeadline(time.Time{})
	p := newPoll()
	a := s.takePoll(r, p)
	if a == nil {
		a = s.awaitAnswer(r, p)
	}
	if a.refusal != nil {
		return a.refusal
	}
	_ = control.SetWriteDeadline(time.Now().Add(s.server.opts.PingInterval + s.server.opts.PingTimeout))
	if !writePoll(w, a.messages...) || r.Context().Err() != nil {
		s.end(ending{reason: TransportError}) // the packets are lost
	}
	return nil
}

// takePoll answers a poll if it can be done at once, else nil: it waits.
func (s *Session) takePoll(r *http.Request, p *poll) *answer {
	s.mu.Lock()
	if s.poll != nil && !s.ended {
		s.mu.Unlock()
		s.end(ending{reason: TransportError, refuse: abandoned(r)}) // two polls have no order
		return &answer{refusal: badRequest()}
	}
	defer s.mu.Unlock()
	switch {
	case s.ended && s.parting:
		return s.rest()
	case s.ended:
		return &answer{refusal: unknownSession()}
	case s.socket != nil:
		return &answer{refusal: badRequest()}
	}
	if s.polled != nil {
		close(s.polled)
		s.polled = nil
	}
	if s.out.peek() != nil {
		return &answer{messages: s.out.takeAll()}
	}
	s.poll = p
	if s.probed {
		s.releaseSoon()
	}
	return nil
}

// abandoned reports whether the client has given up a request. If so, it came
// before the poll that waits, which it was overtaken by.
func abandoned(r *http.Request) bool {
	timer := time.NewTimer(abandonedSoon)
	defer timer.Stop()
	select {
	case <-r.Context().Done():
		return true
	case <-timer.C:
		return false
	}
}

// awaitAnswer waits for packets. A client that goes away while it polls ends
// the session: nobody can tell what it has received.
func (s *Session) awaitAnswer(r *http.Request, p *poll) *answer {
	select {
	case a := <-p.ready:
		return &a
	case <-r.Context().Done():
		s.end(ending{reason: TransportError})
		return &answer{refusal: badRequest()}
	}
}

// releaseSoon lets the waiting poll go after a moment. The mutex is held.
func (s *Session) releaseSoon() {
	if p := s.poll; p != nil {
		time.AfterFunc(probeHold, func() { s.release(p) })
	}
}

// release answers a poll with a noop if it still waits.
func (s *Session) release(p *poll) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.poll == p {
		s.answerPoll(answer{messages: []*Message{s.server.noop}})
	}
}

// writePoll reports whether the answer could be written.
func writePoll(w http.ResponseWriter, messages ...*Message) bool {
	body := encodePayload(messages)
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	_, err := w.Write(body)
	return err == nil
}
