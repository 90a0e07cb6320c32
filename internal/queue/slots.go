package queue

import "sync"

// slots bound the jobs that run at once. The bound may change at any time; if
// it sinks below what is in use, none is given out until enough are back.
type slots struct {
	freed chan struct{} // tells that there may be free ones

	mu    sync.Mutex
	limit int
	used  int
}

func newSlots(limit int) *slots { return &slots{limit: limit, freed: make(chan struct{}, 1)} }

// take takes as many slots as are free, at most n.
func (s *slots) take(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n = max(min(n, s.limit-s.used), 0)
	s.used += n
	return n
}

func (s *slots) free(n int) {
	if n == 0 {
		return
	}
	s.mu.Lock()
	s.used -= n
	s.mu.Unlock()
	s.signal()
}

func (s *slots) setLimit(n int) {
	s.mu.Lock()
	grown := n > s.limit
	s.limit = n
	s.mu.Unlock()
	if grown {
		s.signal()
	}
}

func (s *slots) numbers() (limit, used int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limit, s.used
}

func (s *slots) signal() {
	select {
	case s.freed <- struct{}{}:
	default:
	}
}

// idle waits until all slots are free. Nobody takes any meanwhile.
func (s *slots) idle() {
	for {
		if _, used := s.numbers(); used == 0 {
			return
		}
		<-s.freed
	}
}
