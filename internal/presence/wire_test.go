package presence_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// wire is how a replica reaches Postgres. It can be cut.
type wire struct {
	mu    sync.Mutex
	cut   bool
	conns []net.Conn
	tries int // that were refused
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		conn.Close()
		w.tries++
		return nil, errors.New("the wire is cut")
	}
	w.conns = append(w.conns, conn)
	return conn, nil
}

func (w *wire) sever() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = false
}

func (w *wire) refused() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries
}

// statements counts what a replica asks of Postgres, by the names of the
// queries.
type statements struct {
	mu    sync.Mutex
	count map[string]int
	then  func(name string) // called after each, if set
}

func (s *statements) TraceQueryStart(ctx context.Context, _ *pgx.Conn, q pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, s, q.SQL)
}

func (s *statements) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	sql, _ := ctx.Value(s).(string)
	fields := strings.Fields(strings.TrimPrefix(sql, "-- name: "))
	s.mu.Lock()
	if s.count == nil {
		s.count = make(map[string]int)
	}
	s.count[fields[0]]++
	then := s.then
	s.mu.Unlock()
	if then != nil {
		then(fields[0])
	}
}

func (s *statements) asked(name string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count[name]
}

func (s *statements) after(then func(name string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.then = then
}

// open returns a pool whose connections go over a wire and tell what they are
// asked, unless nil.
func open(t testing.TB, dsn string, w *wire, s *statements) *pgxpool.Pool {
	t.Helper()
	conf, err := pgxpool.ParseConfig(dsn)
	require.NoError(t, err)
	conf.MaxConns = 8
	if w != nil {
		conf.ConnConfig.DialFunc = w.dial
		conf.ConnConfig.Tracer = s
		conf.ConnConfig.RuntimeParams["application_name"] = "presence"
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}
