package engineio

import (
	"sync"
	"time"
)

// batchBytes is how much of small frames is written at once.
const batchBytes = 16 << 10

// batches are buffers for writers, which keep one only while they write.
var batches = sync.Pool{New: func() any { return new([batchBytes]byte) }} //nolint:gochecknoglobals // a pool is shared by nature

// startWriter sees to it that the outbox is written to the WebSocket. The mutex
// is held.
func (s *Session) startWriter() {
	if s.writing {
		return
	}
	s.writing = true
	c := s.socket
	s.server.Go(func() { s.write(c) })
}

// write empties the outbox and, if the session has ended, says goodbye. If it
// fails no writer is started again; the reader notices the broken connection.
func (s *Session) write(c *socket) {
	batch := batches.Get().(*[batchBytes]byte)
	defer batches.Put(batch)
	for {
		next := s.nextChunk(batch[:0])
		if next.over {
			c.wire.writeClose(c.code, c.reason)
		}
		if next.frames == nil {
			return
		}
		if _, err := c.wire.Write(next.frames); err != nil {
			_ = c.wire.Close()
			return
		}
		if next.apart {
			time.Sleep(gap)
		}
	}
}

// chunk is what a writer does next.
type chunk struct {
	frames []byte // to write; nil if nothing waits
	apart  bool   // then pause
	over   bool   // nothing more will come
}

// nextChunk takes what to write next; small messages share a batch. If nothing
// waits the writer is signed off.
func (s *Session) nextChunk(batch []byte) chunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.out.take()
	if m == nil {
		s.writing = false
		return chunk{over: s.ended}
	}
	next := s.out.peek()
	if len(m.rest) == 0 && (m.apart || next == nil || m.size+next.size > cap(batch)) {
		return chunk{frames: m.first.frame, apart: m.apart}
	}
	batch = m.appendFrames(batch)
	for ; next != nil && !next.apart && len(batch)+next.size <= cap(batch); next = s.out.peek() {
		batch = s.out.take().appendFrames(batch)
	}
	return chunk{frames: batch}
}
