package realtime_test

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

// proxy stands between clients and a server. It can turn the connections that
// it has into half-open ones, which carry nothing any more, or cut them.
type proxy struct {
	listener         net.Listener
	network, address string
	running          sync.WaitGroup

	mu     sync.Mutex
	frozen map[net.Conn]bool // both ends of each connection
}

func newProxy(t testing.TB, network, address string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: listener, network: network, address: address, frozen: make(map[net.Conn]bool)}
	p.running.Go(p.serve)
	t.Cleanup(func() {
		listener.Close()
		p.cut()
		p.running.Wait()
	})
	return p
}

// throughProxy is the system, whose replicas reach Postgres through a proxy.
func (s *system) throughProxy(t testing.TB) (*proxy, *system) {
	t.Helper()
	conf, err := pgx.ParseConfig(s.dsn)
	require.NoError(t, err)
	network, address := pgconn.NetworkAddress(conf.Host, conf.Port)
	p := newProxy(t, network, address)
	through := *s
	through.dsn = fmt.Sprintf("postgres://%s@%s/%s?sslmode=disable",
		url.UserPassword(conf.User, conf.Password), p.listener.Addr(), url.PathEscape(conf.Database))
	return p, &through
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
		p.mu.Lock()
		p.frozen[down], p.frozen[up] = false, false
		p.mu.Unlock()
		p.running.Go(func() { p.copy(up, down) })
		p.running.Go(func() { p.copy(down, up) })
	}
}

// copy passes on what comes; when one side closes so does the other, unless the
// connection is frozen.
func (p *proxy) copy(to, from net.Conn) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		frozen := p.frozen[from]
		p.mu.Unlock()
		if !frozen && n > 0 {
			_, err = to.Write(buf[:n])
		}
		if err != nil {
			if !frozen || err != io.EOF {
				from.Close()
				to.Close()
			}
			return
		}
	}
}

// freeze makes the present connections half-open.
func (p *proxy) freeze() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.frozen {
		p.frozen[c] = true
	}
}

// cut closes the present connections.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.frozen {
		c.Close()
		delete(p.frozen, c)
	}
}
