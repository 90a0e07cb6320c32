package realtime

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"son1k/bench/crowd"
	"son1k/bench/line"
	"son1k/bench/publisher"
	"son1k/bench/server"
)

// database is where the system under test meets.
const database = "son1k_bench"

// bed is what one measurement of one system runs in.
type bed struct {
	*system
	suite     *Suite
	url       string
	redis     *server.Redis // nil for systems on Postgres
	replicas  []replica
	publisher *line.Process
	crowd     *line.Process
}

// replica is a process with sockets.
type replica struct {
	port int
	pid  int
	kill func()

	complaint func() string // what it has written to its standard error
}

// newBed makes a bed, which is to be closed also if there is an error.
func (s *Suite) newBed(ctx context.Context, sys *system) (b *bed, err error) {
	b = &bed{system: sys, suite: s}
	if err := b.openStore(ctx); err != nil {
		return b, err
	}
	for range 2 {
		var err error
		if sys.peer {
			err = b.startPeer(ctx)
		} else {
			err = b.startSon1k(ctx)
		}
		if err != nil {
			return b, err
		}
	}
	if sys.peer {
		ready := publisher.Request{Op: publisher.Ready, Count: len(b.replicas)}
		if err := b.publisher.Call(ctx, ready.Op, ready, new(publisher.Reply)); err != nil {
			return b, err
		}
	} else if b.publisher, err = startSelf("publisher", b.url); err != nil {
		return b, err
	}
	b.crowd, err = startSelf("crowd")
	if err != nil || b.redis != nil {
		return b, err
	}
	return b, s.postgres.Settle(ctx, database)
}

func (b *bed) openStore(ctx context.Context) (err error) {
	if b.system.redis {
		if b.redis, err = server.StartRedis(ctx, false); err != nil {
			return err
		}
		b.url = b.redis.Socket()
		return nil
	}
	if err := b.suite.postgres.Create(ctx, database, b.template()); err != nil {
		return err
	}
	b.url, err = b.suite.postgres.DSN(database)
	return err
}

// close ends the processes and removes the data.
func (b *bed) close(ctx context.Context) error {
	for _, r := range b.replicas {
		r.kill()
	}
	for _, p := range []*line.Process{b.publisher, b.crowd} {
		if p != nil {
			p.Kill()
		}
	}
	if b.redis != nil {
		b.redis.Stop()
		return nil
	}
	return b.suite.postgres.Drop(context.WithoutCancel(ctx), database)
}

// startSelf starts this program in another role.
func startSelf(args ...string) (*line.Process, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return line.Start(exec.Command(program, args...))
}

// spent runs f and returns how many seconds of processor time it has cost: the
// replicas, the publisher and the server between them, and apart from that the
// clients.
func (b *bed) spent(ctx context.Context, f func() error) (system, clients float64, err error) {
	system, clients, err = b.usage(ctx)
	if err == nil {
		err = f()
	}
	if err != nil {
		return 0, 0, err
	}
	systemAfter, clientsAfter, err := b.usage(ctx)
	return systemAfter - system, clientsAfter - clients, err
}

func (b *bed) usage(ctx context.Context) (system, clients float64, err error) {
	var u server.Usage
	if b.redis != nil {
		u, err = b.redis.Usage(ctx)
	} else {
		u, err = b.suite.postgres.Usage(ctx)
	}
	system = u.CPU
	pids := []int{b.publisher.PID()}
	for _, r := range b.replicas {
		if r.pid != pids[0] {
			pids = append(pids, r.pid)
		}
	}
	for _, pid := range pids {
		cpu, e := server.CPU(pid)
		system, err = system+cpu, errors.Join(err, e)
	}
	clients, e := server.CPU(b.crowd.PID())
	return system, clients, errors.Join(err, e)
}

// complaints are what the replicas have to say.
func (b *bed) complaints() string {
	var all []string
	for _, r := range b.replicas {
		all = append(all, r.complaint())
	}
	return strings.Join(all, "; ")
}

// publish has the publisher do something.
func (b *bed) publish(ctx context.Context, q publisher.Request) (r publisher.Reply, err error) {
	err = b.publisher.Call(ctx, q.Op, q, &r)
	return r, err
}

// gather has the crowd do something.
func (b *bed) gather(ctx context.Context, q crowd.Request) (r crowd.Reply, err error) {
	err = b.crowd.Call(ctx, q.Op, q, &r)
	return r, err
}

// join connects clients to some of the replicas and waits until all have joined
// what they follow: their own topic, and a room's if that is not empty.
func (b *bed) join(ctx context.Context, count, people, atOnce int, topic string, replicas ...replica) (crowd.Reply, error) {
	q := crowd.Request{
		Op: crowd.Connect, Dialect: b.dialect(), Count: count, Tokens: b.suite.people.tokens[:people], Topic: topic, AtOnce: atOnce,
	}
	for _, r := range replicas {
		q.Ports = append(q.Ports, r.port)
	}
	r, err := b.gather(ctx, q)
	if err != nil {
		err = fmt.Errorf("%w; %s", err, b.complaints())
	}
	return r, err
}
