package engineio

import "time"

// The heartbeat is one timer. It fires when the next ping is due and, after a
// ping, when the pong is overdue.

// startHeartbeat begins the heartbeat of a new session.
func (s *Session) startHeartbeat() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.due = time.Now().Add(s.server.opts.PingInterval)
	s.timer = time.AfterFunc(s.server.opts.PingInterval, s.beat)
}

// beat is called by the timer.
func (s *Session) beat() {
	s.mu.Lock()
	late := time.Since(s.due)
	overdue := s.awaiting
	if s.ended || late < 0 { // a pong was faster
		s.mu.Unlock()
		return
	}
	if overdue && !s.excuse(late) {
		s.mu.Unlock()
		s.end(ending{reason: PingTimeout})
		return
	}
	if !overdue {
		s.sendPing(late)
	}
	s.mu.Unlock()
}

// sendPing gives the client the time for its answer, counted from when the ping
// was due: a timer that fires a little late must not add up. But a process that
// was stopped for a while does not blame the client. The mutex is held.
func (s *Session) sendPing(late time.Duration) {
	timeout := s.server.opts.PingTimeout
	s.awaiting = true
	s.rearm(timeout - min(late, timeout/10))
	s.out.add(s.server.ping, Key{})
	s.wake()
}

// excuse gives once more time when the timer was so late that the answer may
// well have come, unread. The mutex is held.
func (s *Session) excuse(late time.Duration) bool {
	timeout := s.server.opts.PingTimeout
	if s.excused || late < timeout/10 {
		return false
	}
	s.excused = true
	s.rearm(timeout / 4)
	return true
}

// pong takes the client's answer.
func (s *Session) pong() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.awaiting, s.excused = false, false
	s.rearm(s.server.opts.PingInterval)
}

func (s *Session) rearm(d time.Duration) {
	s.due = time.Now().Add(d)
	s.timer.Reset(d)
}
