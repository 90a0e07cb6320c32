package suite

import (
	"context"
	"errors"
	"fmt"

	"son1k/bench/driver"
	"son1k/bench/server"
)

// database is where the system under test has its jobs.
const database = "son1k_bench"

// bed is what one measurement of one system runs in: an empty queue, and the
// drivers that use it.
type bed struct {
	*system
	suite   *Suite
	url     string
	redis   *server.Redis // nil for systems on Postgres
	drivers []*driver.Process
}

// newBed makes a bed. With compact, Redis may rewrite its append-only file.
func (s *Suite) newBed(ctx context.Context, sys *system, compact bool) (b *bed, err error) {
	b = &bed{system: sys, suite: s}
	if sys.redis {
		if b.redis, err = server.StartRedis(ctx, compact); err != nil {
			return nil, err
		}
		b.url = b.redis.Socket()
		return b, nil
	}
	if err := s.postgres.Create(ctx, database, sys.template()); err != nil {
		return nil, err
	}
	b.url, err = s.postgres.DSN(database)
	return b, err
}

// close ends the drivers and removes the queue.
func (b *bed) close(ctx context.Context) error {
	for _, d := range b.drivers {
		d.Kill()
	}
	if b.redis != nil {
		b.redis.Stop()
		return nil
	}
	return b.suite.postgres.Drop(context.WithoutCancel(ctx), database)
}

// start starts a driver: a process that enqueues or works.
func (b *bed) start() (*driver.Process, error) {
	cmd, err := b.command(b.suite.NodeDir, b.url)
	if err != nil {
		return nil, err
	}
	d, err := driver.Start(cmd)
	if err != nil {
		return nil, err
	}
	b.drivers = append(b.drivers, d)
	return d, nil
}

// working starts a producer and a worker that takes jobs and notes when it
// starts the first n of them.
func (b *bed) working(ctx context.Context, n int) (producer, worker *driver.Process, err error) {
	producer, err1 := b.start()
	worker, err2 := b.start()
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	if err := b.settle(ctx, producer); err != nil {
		return nil, nil, err
	}
	_, err = worker.Call(ctx, driver.Request{Op: driver.Work, Count: n})
	return producer, worker, err
}

// fill puts jobs into the queue, by a driver that does not live on.
func (b *bed) fill(ctx context.Context, count, keys int) error {
	d, err := b.start()
	if err != nil {
		return err
	}
	_, err = d.Call(ctx, driver.Request{Op: driver.Batch, Count: count, Size: batchSize, Keys: keys})
	d.Kill()
	b.drivers = b.drivers[:len(b.drivers)-1]
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	return nil
}

// settle returns when the driver is up and the server is in the state that it
// has at the start of every measurement.
func (b *bed) settle(ctx context.Context, d *driver.Process) error {
	if _, err := d.Call(ctx, driver.Request{Op: driver.Describe}); err != nil {
		return err
	}
	if b.redis != nil {
		return nil
	}
	return b.suite.postgres.Settle(ctx, database)
}

// usage is what the server and the drivers have spent so far.
func (b *bed) usage(ctx context.Context) (u server.Usage, err error) {
	if b.redis != nil {
		u, err = b.redis.Usage(ctx)
	} else {
		u, err = b.suite.postgres.Usage(ctx)
	}
	for _, d := range b.drivers {
		cpu, e := server.CPU(d.PID())
		u.CPU, err = u.CPU+cpu, errors.Join(err, e)
	}
	return u, err
}

// spent runs f and returns what it cost.
func (b *bed) spent(ctx context.Context, f func() error) (server.Usage, error) {
	before, err := b.usage(ctx)
	if err != nil {
		return server.Usage{}, err
	}
	if err := f(); err != nil {
		return server.Usage{}, err
	}
	after, err := b.usage(ctx)
	return after.Sub(before), err
}
