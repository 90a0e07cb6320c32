package engineio

import "sync/atomic"

// counters are what Stats reports.
type counters struct {
	opened, upgraded, refused, slow atomic.Int64
	received, sent                  atomic.Int64
	webSockets                      atomic.Int64
}

// Stats counts since the server was made, except for Sessions and WebSockets,
// which are those open now.
type Stats struct {
	Sessions   int   // open
	WebSockets int64 // open, whatever the state of their session
	Opened     int64 // sessions
	Upgraded   int64 // sessions from polling to a WebSocket
	Refused    int64 // requests
	Slow       int64 // sessions ended because their client did not keep up
	Received   int64 // messages
	Sent       int64 // messages that were queued
}

// Stats reports the state of the server.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	live := s.live
	s.mu.Unlock()
	c := &s.stats
	return Stats{
		Sessions: live, WebSockets: c.webSockets.Load(), Opened: c.opened.Load(), Upgraded: c.upgraded.Load(),
		Refused: c.refused.Load(), Slow: c.slow.Load(), Received: c.received.Load(), Sent: c.sent.Load(),
	}
}
