package engineio

import (
	"errors"
	"io"
	"net/http"
	"time"
)

// pollSoon is how long a close packet waits for the poll that usually comes
// with it: requests that were sent together over two connections arrive in any
// order, and the poll is to get an answer.
const pollSoon = 20 * time.Millisecond

// servePost handles the packets of a POST.
func (s *Session) servePost(w http.ResponseWriter, r *http.Request) *refusal {
	if err := s.beginPost(); err != nil {
		return err
	}
	err := s.post(w, r)
	s.endPost()
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html") // old browsers offer text/plain as a download
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, "ok") // the client may be gone
	return nil
}

// beginPost sees to it that there is only one: two have no order.
func (s *Session) beginPost() *refusal {
	s.mu.Lock()
	switch {
	case s.ended:
		defer s.mu.Unlock()
		return unknownSession()
	case s.socket != nil:
		defer s.mu.Unlock()
		return badRequest()
	case s.posting:
		s.mu.Unlock()
		s.end(ending{reason: TransportError})
		return badRequest()
	}
	s.posting = true
	s.mu.Unlock()
	return nil
}

func (s *Session) endPost() {
	s.mu.Lock()
	s.posting = false
	s.mu.Unlock()
}

func (s *Session) post(w http.ResponseWriter, r *http.Request) *refusal {
	// Binary payloads were part of version 3.
	if r.Header.Get("Content-Type") == "application/octet-stream" {
		s.end(ending{reason: TransportError})
		return badRequest()
	}
	body, err := s.readBody(w, r)
	if err != nil {
		s.end(ending{reason: TransportError})
		return err
	}
	for p, err := range decodePayload(body) {
		if err == nil {
			err = s.receive(p)
		}
		switch {
		case errors.Is(err, errClosed):
			s.awaitPoll()
			s.end(endingOf(err))
			return nil
		case err != nil:
			s.end(endingOf(err))
			return badRequest()
		}
	}
	return nil
}

// readBody reads no more than MaxPayload and not for ever.
func (s *Session) readBody(w http.ResponseWriter, r *http.Request) ([]byte, *refusal) {
	opts := &s.server.opts
	control := http.NewResponseController(w) // not all writers can do what it asks for
	_ = control.SetReadDeadline(time.Now().Add(opts.PingInterval + opts.PingTimeout))
	defer func() { _ = control.SetReadDeadline(time.Time{}) }()
	limit := int64(opts.MaxPayload)
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		return nil, badRequest()
	case int64(len(body)) > limit:
		// A client that is cut off while it writes may not see the answer.
		_, _ = io.CopyN(io.Discard, r.Body, 4*limit)
		return nil, tooLarge()
	}
	return body, nil
}

// awaitPoll waits until a poll waits, but not for long.
func (s *Session) awaitPoll() {
	s.mu.Lock()
	if s.poll != nil || s.ended {
		s.mu.Unlock()
		return
	}
	if s.polled == nil {
		s.polled = make(chan struct{})
	}
	came := s.polled
	s.mu.Unlock()
	timer := time.NewTimer(pollSoon)
	defer timer.Stop()
	select {
	case <-came:
	case <-timer.C:
	}
}
