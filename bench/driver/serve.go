package driver

import (
	"context"
	"fmt"
	"io"
	"time"

	"son1k/bench/clock"
	"son1k/bench/line"
)

// server answers the requests for one system.
type server struct {
	sys   System
	count *counter
	next  int // number of the next job
}

// Serve answers requests until there are no more.
func Serve(ctx context.Context, sys System, in io.Reader, out io.Writer) error {
	s := &server{sys: sys, count: newCounter()}
	return line.Serve(ctx, in, out, s.answer)
}

func (s *server) answer(ctx context.Context, q Request) (r Reply, err error) {
	switch q.Op {
	case Describe:
		r.Version, r.Config = s.sys.Describe()
		r.Keyed = s.sys.Keyed()
		return r, nil
	case Setup:
		return r, s.sys.Setup(ctx)
	case Enqueue:
		return s.enqueue(ctx, q)
	case Batch:
		return s.batch(ctx, q)
	case Produce:
		return s.produce(ctx, q)
	case Work:
		return r, s.work(ctx, q.Count)
	case Seen:
		err := s.count.wait(ctx, q.Count)
		return Reply{Started: s.count.started, Ended: clock.Now()}, err
	case Handled:
		return Reply{Handled: int(s.count.handled.Load()), Now: clock.Now()}, nil
	case Drain:
		return s.drain(ctx, q.Count)
	case Pace:
		return s.pace(ctx, q)
	}
	return r, fmt.Errorf("driver: unknown operation %q", q.Op)
}

func (s *server) work(ctx context.Context, note int) error {
	s.count.started = make([]int64, note)
	return s.sys.Work(ctx, s.count.handle)
}

// recordedPoll is how often drain looks whether the last jobs are recorded.
const recordedPoll = 2 * time.Millisecond

func (s *server) drain(ctx context.Context, n int) (r Reply, err error) {
	began := clock.Now()
	if err := s.work(ctx, 0); err != nil {
		return r, err
	}
	if err := s.count.wait(ctx, n); err != nil {
		return r, err
	}
	for {
		pending, err := s.sys.Pending(ctx)
		if err != nil || !pending {
			return Reply{Seconds: clock.Since(began)}, err
		}
		time.Sleep(recordedPoll)
	}
}

func (s *server) pace(ctx context.Context, q Request) (r Reply, err error) {
	s.count.skip = int64(q.Skip)
	began := clock.Now()
	if err := s.work(ctx, 0); err != nil {
		return r, err
	}
	if err := s.count.wait(ctx, q.Skip+q.Count); err != nil {
		return r, err
	}
	if q.Skip > 0 {
		began = s.count.skipped.Load()
	}
	return Reply{Seconds: clock.Since(began)}, nil
}
