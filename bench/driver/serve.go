package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
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
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q Request
		if err := requests.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("driver: request: %w", err)
		}
		reply, err := s.answer(ctx, q)
		if err != nil {
			reply.Error = err.Error()
		}
		if err := replies.Encode(reply); err != nil {
			return fmt.Errorf("driver: reply: %w", err)
		}
	}
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
		return Reply{Started: s.count.started, Ended: now()}, err
	case Handled:
		return Reply{Handled: int(s.count.handled.Load()), Now: now()}, nil
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
	began := now()
	if err := s.work(ctx, 0); err != nil {
		return r, err
	}
	if err := s.count.wait(ctx, n); err != nil {
		return r, err
	}
	for {
		pending, err := s.sys.Pending(ctx)
		if err != nil || !pending {
			return Reply{Seconds: since(began)}, err
		}
		time.Sleep(recordedPoll)
	}
}

func (s *server) pace(ctx context.Context, q Request) (r Reply, err error) {
	s.count.skip = int64(q.Skip)
	began := now()
	if err := s.work(ctx, 0); err != nil {
		return r, err
	}
	if err := s.count.wait(ctx, q.Skip+q.Count); err != nil {
		return r, err
	}
	if q.Skip > 0 {
		began = s.count.skipped.Load()
	}
	return Reply{Seconds: since(began)}, nil
}
