package driver

import (
	"context"
	"errors"
	"sync"
	"time"

	"son1k/bench/clock"
)

// enqueue adds jobs one by one from several clients, each of which waits for
// its own before it goes on.
func (s *server) enqueue(ctx context.Context, q Request) (Reply, error) {
	first := s.take(q.Count)
	errs := make([]error, q.Clients)
	began := clock.Now()
	var all sync.WaitGroup
	for c := range q.Clients {
		all.Go(func() {
			for i := c; i < q.Count && errs[c] == nil; i += q.Clients {
				errs[c] = s.sys.Enqueue(ctx, first+i)
			}
		})
	}
	all.Wait()
	return Reply{Seconds: clock.Since(began), Began: began}, errors.Join(errs...)
}

func (s *server) batch(ctx context.Context, q Request) (Reply, error) {
	began := clock.Now()
	for left := q.Count; left > 0; left -= q.Size {
		n := min(left, q.Size)
		if err := s.sys.EnqueueMany(ctx, s.take(n), n, q.Keys); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Seconds: clock.Since(began)}, nil
}

// maxUnderWay bounds the calls of produce that have not returned, for systems
// that cannot keep up.
const maxUnderWay = 512

// produce adds jobs when they are due, however long the earlier ones take.
func (s *server) produce(ctx context.Context, q Request) (Reply, error) {
	first := s.take(q.Count)
	due, returned, errs := make([]int64, q.Count), make([]int64, q.Count), make([]error, q.Count)
	underWay := make(chan struct{}, maxUnderWay)
	began := clock.Now() + 1000
	var all sync.WaitGroup
	for i := range q.Count {
		due[i] = began + int64(float64(i)/q.Rate*1e6)
		if wait := due[i] - clock.Now(); wait > 0 {
			time.Sleep(time.Duration(wait) * time.Microsecond)
		}
		underWay <- struct{}{}
		all.Go(func() {
			errs[i] = s.sys.Enqueue(ctx, first+i)
			returned[i] = clock.Now()
			<-underWay
		})
	}
	all.Wait()
	return Reply{Due: due, Returned: returned}, errors.Join(errs...)
}

// take reserves the numbers of n jobs and returns the first.
func (s *server) take(n int) int {
	first := s.next
	s.next += n
	return first
}
