package notify

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"son1k/internal/lifecycle"
	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 30 * time.Second // until a test gives up

var quiet = slog.New(slog.DiscardHandler)

// receive takes a value from a channel, or fails the test.
func receive[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		require.FailNow(t, "nothing came")
	}
	return v
}

func start(t *testing.T, s lifecycle.Service) {
	t.Helper()
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(s.Stop)
	receive(t, s.Started())
}

func startSender(t *testing.T, dsn string) *Sender {
	t.Helper()
	s := NewSender(dsn, quiet)
	start(t, s)
	return s
}

// ear hears what comes over the channels a and b.
type ear struct {
	*Listener
	a, b      chan string
	connected chan struct{}
}

func newEar(dsn string) *ear {
	e := &ear{
		Listener: NewListener(dsn, quiet), a: make(chan string, 100_000), b: make(chan string, 100_000),
		connected: make(chan struct{}, 100),
	}
	e.Handle("a", Handler{Message: func(text string) { e.a <- text }, Connected: func() { e.connected <- struct{}{} }})
	e.Handle("b", Handler{Message: func(text string) { e.b <- text }})
	return e
}

func startEar(t *testing.T, dsn string) *ear {
	t.Helper()
	e := newEar(dsn)
	start(t, e)
	receive(t, e.connected)
	return e
}

// proxy stands between clients and Postgres.
type proxy struct {
	dsn     string
	silent  atomic.Int64 // connections up to this number get and give nothing
	count   atomic.Int64
	network string
	address string
	wait    sync.WaitGroup
	mu      sync.Mutex
	open    []net.Conn
}

func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	conf, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{dsn: "host=127.0.0.1 sslmode=disable port=" + strconv.Itoa(l.Addr().(*net.TCPAddr).Port) +
		" user=" + conf.User + " dbname=" + conf.Database}
	if conf.Password != "" {
		p.dsn += " password=" + conf.Password
	}
	p.network, p.address = pgconn.NetworkAddress(conf.Host, conf.Port)
	p.wait.Go(func() { p.accept(l) })
	t.Cleanup(func() {
		l.Close()
		p.mu.Lock()
		for _, c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.wait.Wait()
	})
	return p
}

// goSilent makes the present connections half-open: nothing passes, and neither
// side is told.
func (p *proxy) goSilent() { p.silent.Store(p.count.Load()) }

func (p *proxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := new(net.Dialer).DialContext(context.Background(), p.network, p.address)
		if err != nil {
			client.Close()
			continue
		}
		n := p.count.Add(1)
		p.mu.Lock()
		p.open = append(p.open, client, server)
		p.mu.Unlock()
		p.wait.Go(func() { p.pass(n, client, server) })
		p.wait.Go(func() { p.pass(n, server, client) })
	}
}

func (p *proxy) pass(n int64, from, to net.Conn) {
	defer to.Close()
	buf := make([]byte, 32<<10)
	for {
		size, err := from.Read(buf)
		if n <= p.silent.Load() {
			_, _ = io.Copy(io.Discard, from)
			return
		}
		if _, werr := to.Write(buf[:size]); err != nil || werr != nil {
			return
		}
	}
}
