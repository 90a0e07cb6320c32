package socketio

import "runtime/debug"

// job is something that waits for a socket's worker: an event or a function.
type job struct {
	event *Event
	run   func()
}

// queue adds a job and starts the worker if there is none. The mutex is held.
func (s *Socket) queue(j job) {
	s.jobs = append(s.jobs, j)
	if j.event != nil {
		s.bytes += j.event.size
	}
	if !s.working {
		s.working = true
		s.namespace.server.engine.Go(s.work)
	}
}

// handle queues an event. It reports whether it fits among those that wait.
func (s *Socket) handle(e *Event) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state != connected {
		return true // its client is told, and will understand why nobody listens
	}
	opts := &s.namespace.server.opts
	if len(s.jobs) >= opts.MaxPending || s.bytes > opts.MaxPayload {
		return false
	}
	s.queue(job{event: e})
	return true
}

// work does what waits, in order.
func (s *Socket) work() {
	for {
		j, ok := s.nextJob()
		if !ok {
			return
		}
		s.do(j)
	}
}

func (s *Socket) nextJob() (job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.jobs) == 0 {
		s.jobs, s.working = nil, false // an idle socket keeps nothing
		return job{}, false
	}
	j := s.jobs[0]
	s.jobs[0] = job{} // the array may live on
	s.jobs = s.jobs[1:]
	if j.event != nil {
		s.bytes -= j.event.size
	}
	return j, true
}

// do runs a handler. If it panics, that is the end of the socket only.
func (s *Socket) do(j job) {
	defer func() {
		if v := recover(); v != nil {
			s.namespace.server.opts.Log.Error("socketio: a handler panicked",
				"namespace", s.namespace.name, "panic", v, "stack", string(debug.Stack()))
			s.panicked()
		}
	}()
	if j.event == nil {
		j.run()
		return
	}
	s.namespace.server.handled.Add(1)
	s.namespace.handler(j.event.Name)(s, j.event)
}

// panicked ends the socket, or the attempt to connect it.
func (s *Socket) panicked() {
	if s.is(connecting) {
		s.refuse(errInternal())
		return
	}
	s.leaveNamespace()
}
