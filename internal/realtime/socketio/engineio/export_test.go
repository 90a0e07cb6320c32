package engineio

// Waits reports whether a poll of the session waits.
func Waits(s *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.poll != nil
}

// Posting reports whether a POST of the session is handled.
func Posting(s *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posting
}

// Probed reports whether a WebSocket has asked to take over.
func Probed(s *Session) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.probed
}
