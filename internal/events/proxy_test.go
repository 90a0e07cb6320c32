package events_test

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// proxy stands between a client and Postgres. It can turn the connections that
// it has into half-open ones: they stay open and carry nothing any more.
type proxy struct {
	listener net.Listener
	network  string
	address  string
	wg       sync.WaitGroup

	mu    sync.Mutex
	links []*link
}

type link struct {
	down, up net.Conn
	mu       sync.Mutex
	frozen   bool
}

// newProxy returns a proxy and the dsn that leads through it.
func newProxy(t testing.TB, dsn string) (*proxy, string) {
	t.Helper()
	conf, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p := new(proxy)
	p.network, p.address = pgconn.NetworkAddress(conf.Host, conf.Port)
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.wg.Go(p.serve)
	t.Cleanup(p.stop)
	return p, fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable",
		url.UserPassword(conf.User, conf.Password), p.listener.Addr(), url.PathEscape(conf.Database))
}

func (p *proxy) serve() {
	for {
		down, err := p.listener.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial(p.network, p.address)
		if err != nil {
			down.Close()
			continue
		}
		l := &link{down: down, up: up}
		p.mu.Lock()
		p.links = append(p.links, l)
		p.mu.Unlock()
		p.wg.Go(func() { l.copy(l.up, l.down) })
		p.wg.Go(func() { l.copy(l.down, l.up) })
	}
}

// copy passes on what comes; when one side closes, so does the other, unless
// the link is frozen.
func (l *link) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.mu.Lock()
		frozen := l.frozen
		l.mu.Unlock()
		if !frozen && n > 0 {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			if !frozen || err != io.EOF {
				l.close()
			}
			return
		}
	}
}

func (l *link) close() {
	l.down.Close()
	l.up.Close()
}

// freeze makes the present connections half-open and says how many they are.
func (p *proxy) freeze() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, l := range p.links {
		l.mu.Lock()
		if !l.frozen {
			l.frozen = true
			n++
		}
		l.mu.Unlock()
	}
	return n
}

func (p *proxy) stop() {
	p.listener.Close()
	p.mu.Lock()
	for _, l := range p.links {
		l.close()
	}
	p.mu.Unlock()
	p.wg.Wait()
}
