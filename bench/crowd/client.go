package crowd

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

type state byte

const (
	connecting state = iota // the TCP connection is being made
	upgrading               // the handshake has been sent
	open
	ended
)

// client is one socket. The loop's goroutine owns it.
type client struct {
	loop   *loop
	fd     int
	index  int
	token  string
	state  state
	joined bool
	began  int64  // when it was dialled
	took   int64  // until it had joined
	kept   []byte // the beginning of a message whose end has not come

	// Of the events that are expected:
	arrived []int64 // when, by number / groups
	last    int     // number of the last one
}

// dial begins a connection to a port of this machine.
func (l *loop) dial(index, port int, token string) (*client, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("crowd: socket: %w", err)
	}
	c := &client{loop: l, fd: fd, index: index, token: token, began: l.now(), last: -1}
	err = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		unix.Close(fd)
		return nil, fmt.Errorf("crowd: connect: %w", err)
	}
	return c, l.watch(c, unix.EPOLL_CTL_ADD, unix.EPOLLOUT)
}

// ready does what the socket is ready for.
func (c *client) ready() error {
	if c.state == connecting {
		return c.upgrade()
	}
	n, err := unix.Read(c.fd, c.loop.buf)
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("read: %w", err)
	case n == 0:
		return errors.New("the server has closed the connection")
	}
	return c.take(c.loop.buf[:n], c.loop.now())
}

// upgrade sends the handshake once the connection stands.
func (c *client) upgrade() error {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil || code != 0 {
		return fmt.Errorf("connect: %w", errors.Join(err, unix.Errno(code)))
	}
	c.state = upgrading
	if err := c.loop.watch(c, unix.EPOLL_CTL_MOD, unix.EPOLLIN); err != nil {
		return err
	}
	target, headers := c.loop.dialect.upgrade()
	return c.write(fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n", target, headers))
}

// take reads what has come at a moment.
func (c *client) take(b []byte, at int64) error {
	if len(c.kept) > 0 {
		b = append(c.kept, b...)
		c.kept = nil
	}
	if c.state == upgrading {
		head, rest, ok := bytes.Cut(b, []byte("\r\n\r\n"))
		if !ok {
			c.kept = bytes.Clone(b)
			return nil
		}
		if !bytes.HasPrefix(head, []byte("HTTP/1.1 101 ")) {
			return fmt.Errorf("no upgrade: %q", b)
		}
		c.state, b = open, rest
		if err := c.say(c.loop.dialect.opened(c.token)); err != nil {
			return err
		}
	}
	for {
		f, rest, ok := cutFrame(b)
		if !ok {
			if len(rest) > 0 {
				c.kept = bytes.Clone(rest)
			}
			return nil
		}
		if err := c.hear(f, at); err != nil {
			return err
		}
		b = rest
	}
}

func (c *client) hear(f frame, at int64) error {
	switch f.op {
	case opPing:
		return c.write(buildFrame(opPong, f.payload))
	case opClose:
		return fmt.Errorf("the server closes: %q", f.payload)
	case opText:
	default:
		return nil
	}
	m, number, answer := c.loop.dialect.read(f.payload, c.token)
	switch m {
	case event:
		c.note(number, at)
	case joined:
		if !c.joined {
			c.joined, c.took = true, at-c.began
			c.loop.hasJoined(at)
		}
	case refused:
		return fmt.Errorf("the server says %s", f.payload)
	}
	return c.say(answer)
}

func (c *client) say(message []byte) error {
	if message == nil {
		return nil
	}
	return c.write(buildFrame(opText, message))
}

// write sends something short, for which the empty buffer of the socket has
// room.
func (c *client) write(b []byte) error {
	n, err := unix.Write(c.fd, b)
	if err == nil && n < len(b) {
		err = errors.New("the socket's buffer is full")
	}
	return err
}

// note keeps when an event came.
func (c *client) note(number int, at int64) {
	l := c.loop
	place := number / max(l.groups, 1)
	if number < 0 || l.groups == 0 || number%l.groups != c.index%l.groups || place >= len(c.arrived) {
		return // of no measurement
	}
	if c.arrived[place] != 0 {
		l.twice++
		return
	}
	if number < c.last {
		l.disordered++
	}
	c.arrived[place], c.last = at, number
	l.missing--
	if l.missing == 0 {
		close(l.complete)
	}
}

// clockOf gives the times of package clock without a system call.
type clockOf struct {
	base time.Time
	at   int64
}

func (c clockOf) now() int64 { return c.at + time.Since(c.base).Microseconds() }
