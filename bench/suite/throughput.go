package suite

import (
	"context"

	"son1k/bench/driver"
	"son1k/bench/score"
)

// drain: all jobs wait when one worker process starts, and it ends when all are
// recorded as done.
func (s *Suite) drain() cell {
	n := s.sizes.drain
	return cell{
		name: "drain",
		rows: append([]score.Row{{Name: "drain", Unit: "jobs/s"}}, spendRows("drain")...),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			return b.drain(ctx, "drain", n, 0)
		},
	}
}

// keys: the same with concurrency keys, of each of which one job runs at a time.
func (s *Suite) keys() cell {
	n := s.sizes.keys
	return cell{
		name: "keys",
		rows: []score.Row{{Name: "keys", Unit: "jobs/s, 100 keys, 1 job of each at once"}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			if !b.keyed {
				return nil, nil
			}
			all, err := b.drain(ctx, "keys", n, keyCount)
			return score.Figures{"keys": all["keys"]}, err
		},
	}
}

func (b *bed) drain(ctx context.Context, name string, n, keys int) (score.Figures, error) {
	worker, err := b.start() // it comes up meanwhile
	if err != nil {
		return nil, err
	}
	if err := b.fill(ctx, n, keys); err != nil {
		return nil, err
	}
	return b.timed(ctx, worker, name, driver.Request{Op: driver.Drain, Count: n})
}

// enqueue: one by one, each durable before its client goes on.
func (s *Suite) enqueue() cell {
	q := driver.Request{Op: driver.Enqueue, Count: s.sizes.enqueue, Clients: clients}
	return cell{
		name: "enqueue",
		rows: append([]score.Row{{Name: "enqueue", Unit: "jobs/s, 16 clients"}}, spendRows("enqueue")...),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			return b.alone(ctx, "enqueue", q)
		},
	}
}

// batch: by one client that waits for each batch.
func (s *Suite) batch() cell {
	q := driver.Request{Op: driver.Batch, Count: s.sizes.batch, Size: batchSize}
	return cell{
		name: "batch",
		rows: append([]score.Row{{Name: "batch", Unit: "jobs/s, batches of 1000"}}, spendRows("batch")...),
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			return b.alone(ctx, "batch", q)
		},
	}
}

// alone is timed with a new driver.
func (b *bed) alone(ctx context.Context, name string, q driver.Request) (score.Figures, error) {
	d, err := b.start()
	if err != nil {
		return nil, err
	}
	return b.timed(ctx, d, name, q)
}

// timed has a driver do something to a number of jobs and gives its throughput
// and what it cost.
func (b *bed) timed(ctx context.Context, d *driver.Process, name string, q driver.Request) (score.Figures, error) {
	if err := b.settle(ctx, d); err != nil {
		return nil, err
	}
	var r driver.Reply
	spent, err := b.spent(ctx, func() (err error) {
		r, err = d.Call(ctx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	f := score.Figures{name: float64(q.Count) / r.Seconds}
	spend(f, name, spent, q.Count)
	return f, nil
}
