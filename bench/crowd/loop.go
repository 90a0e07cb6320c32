package crowd

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"son1k/bench/clock"
)

// loop serves all sockets from one goroutine, which owns everything but the
// list of calls.
type loop struct {
	clockOf
	epoll, wake int // file descriptors
	buf         []byte
	clients     map[int]*client // by file descriptor
	dialect     dialect

	mu    sync.Mutex
	calls []func()

	plan   Request // of the connections
	dialed int
	in     int           // clients that have joined
	allIn  chan struct{} // closed when all have, or one cannot
	lastIn int64
	broken error // why a connection has ended that should not
	gone   int   // how many have

	groups, missing, twice, disordered int
	complete                           chan struct{} // closed when nothing is missing
}

const readBuffer = 256 << 10

func newLoop() (*loop, error) {
	epoll, err1 := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	wake, err2 := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("crowd: %w", err)
	}
	l := &loop{
		clockOf: clockOf{time.Now(), clock.Now()}, epoll: epoll, wake: wake,
		buf: make([]byte, readBuffer), clients: make(map[int]*client),
	}
	err := unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, wake, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(wake)})
	return l, err
}

func (l *loop) watch(c *client, op int, events uint32) error {
	err := unix.EpollCtl(l.epoll, op, c.fd, &unix.EpollEvent{Events: events, Fd: int32(c.fd)})
	if err != nil {
		return fmt.Errorf("crowd: epoll: %w", err)
	}
	return nil
}

// run serves for ever.
func (l *loop) run() error {
	ready := make([]unix.EpollEvent, 512)
	for {
		n, err := unix.EpollWait(l.epoll, ready, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("crowd: epoll: %w", err)
		}
		for _, e := range ready[:max(n, 0)] {
			if int(e.Fd) == l.wake {
				l.called()
				continue
			}
			c := l.clients[int(e.Fd)]
			if err := c.ready(); err != nil {
				l.end(c, err)
			}
		}
	}
}

// do has the loop's goroutine call f and waits for that.
func (l *loop) do(f func()) {
	done := make(chan struct{})
	l.mu.Lock()
	l.calls = append(l.calls, func() { f(); close(done) })
	l.mu.Unlock()
	_, _ = unix.Write(l.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only if it is woken already
	<-done
}

func (l *loop) called() {
	var count [8]byte
	_, _ = unix.Read(l.wake, count[:]) // it only has to be emptied
	l.mu.Lock()
	calls := l.calls
	l.calls = nil
	l.mu.Unlock()
	for _, f := range calls {
		f()
	}
}

// end forgets a connection that should have lasted.
func (l *loop) end(c *client, err error) {
	delete(l.clients, c.fd)
	unix.Close(c.fd)
	c.state = ended
	l.gone++
	if l.broken == nil {
		l.broken = fmt.Errorf("client %d: %w", c.index, err)
	}
	if l.in < l.plan.Count {
		l.giveUp()
	}
}

// dialMore begins connections, as many as may be under way.
func (l *loop) dialMore() {
	for l.dialed < l.plan.Count && l.dialed-l.in < l.plan.AtOnce && l.broken == nil {
		i := l.dialed
		c, err := l.dial(i, l.plan.Ports[i%len(l.plan.Ports)], l.plan.Tokens[i%len(l.plan.Tokens)])
		if err != nil {
			l.broken = err
			l.giveUp()
			return
		}
		l.dialed++
		l.clients[c.fd] = c
	}
}

func (l *loop) hasJoined(at int64) {
	l.in++
	l.lastIn = at
	if l.in == l.plan.Count {
		close(l.allIn)
	}
	l.dialMore()
}

// giveUp ends the wait for all to join.
func (l *loop) giveUp() {
	select {
	case <-l.allIn:
	default:
		close(l.allIn)
	}
}
