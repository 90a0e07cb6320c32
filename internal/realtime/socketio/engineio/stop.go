package engineio

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"
)

// Stop refuses new sessions, ends those that there are, spread over the Drain
// window so that not all clients come back at once, and returns when all
// goroutines have ended. It may be called more than once.
func (s *Server) Stop() {
	s.mu.Lock()
	first := !s.stopping
	s.stopping = true
	sessions := slices.Collect(maps.Values(s.sessions))
	s.mu.Unlock()
	if first {
		for _, session := range sessions {
			time.AfterFunc(s.delay(), func() { session.end(ending{reason: ServerStopping, flush: true}) })
		}
	}
	s.work.Wait()
}

func (s *Server) delay() time.Duration {
	if s.opts.Drain <= 0 {
		return 0
	}
	return rand.N(s.opts.Drain) //nolint:gosec // it only spreads the load
}
