package realtime

import "sync/atomic"

type counters struct {
	accepted, slow, flooded, expelled atomic.Int64
}

// count notes why a connection ends.
func (c *counters) count(err closeError) {
	switch err.code {
	case CloseSlow:
		c.slow.Add(1)
	case CloseFlood:
		c.flooded.Add(1)
	}
}

// Stats are figures of this process.
type Stats struct {
	Sockets, Users, Rooms, Topics int   // now
	Accepted                      int64 // sockets since the start
	Slow                          int64 // closed because they did not read fast enough
	Flooded                       int64 // closed because they sent too much
	Expelled                      int64 // subscriptions cut off because their user left the room
}

// Stats returns the figures.
func (h *Hub) Stats() Stats {
	h.places.mu.Lock()
	rooms := len(h.places.here)
	h.places.mu.Unlock()
	return Stats{
		Sockets: h.Sockets(), Users: h.Users(), Rooms: rooms, Topics: h.cfg.Feed.Topics(),
		Accepted: h.stats.accepted.Load(), Slow: h.stats.slow.Load(),
		Flooded: h.stats.flooded.Load(), Expelled: h.stats.expelled.Load(),
	}
}
