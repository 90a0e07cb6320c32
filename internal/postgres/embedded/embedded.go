package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// DefaultHome is where a Server keeps its files unless told otherwise.
const DefaultHome = ".son1k"

// Options say where and how to run Postgres. The zero value works.
type Options struct {
	Home     string            // created if needed; DefaultHome if empty
	BinDir   string            // directory of initdb and postgres; searched for if empty
	Logger   *slog.Logger      // slog.Default if nil
	Settings map[string]string // settings of postgresql.conf that replace the defaults

	patience patience // shortened by tests
}

// Server is a private Postgres server. It implements lifecycle.Service.
type Server struct {
	opt Options
	log *slog.Logger

	mu  sync.Mutex         // guards end and dsn
	end context.CancelFunc // ends the supervisor; not nil once started or stopped
	dsn string

	started chan struct{} // closed once connections have been accepted
	done    chan struct{} // closed when nothing runs any more
	pid     atomic.Int64
}

// New returns a server that is not running yet.
func New(o Options) *Server {
	s := &Server{opt: o, log: o.Logger, started: make(chan struct{}), done: make(chan struct{})}
	if s.opt.Home == "" {
		s.opt.Home = DefaultHome
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.opt.patience == (patience{}) {
		s.opt.patience = patience{fast: 15 * time.Second, immediate: 5 * time.Second}
	}
	return s
}

// Start is New and then Start, for callers without a lifecycle.Group.
func Start(ctx context.Context, o Options) (*Server, error) {
	s := New(o)
	if err := s.Start(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// Start makes the cluster if there is none, starts Postgres and returns once it
// accepts connections. If it fails, or ctx ends first, nothing is left running.
// After that ctx has no influence: only Stop ends the server.
func (s *Server) Start(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	if !s.begin(end) {
		end()
		return errors.New("postgres: already started or stopped")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(life, cancel)() // Stop during Start

	if err := s.start(ctx, life); err != nil {
		end()
		<-s.done
		return fmt.Errorf("postgres: %w", err)
	}
	close(s.started)
	return nil
}

// begin reports whether this is the first Start or Stop.
func (s *Server) begin(end context.CancelFunc) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return false
	}
	s.end = end
	return true
}

// start sees to it that done is closed sooner or later, if it fails as well.
func (s *Server) start(ctx, life context.Context) error {
	h, err := openHome(ctx, s.opt.Home)
	if err != nil {
		close(s.done)
		return err
	}
	c, err := prepare(ctx, h, s.opt, s.log)
	if err != nil {
		h.close()
		close(s.done)
		return err
	}
	s.setDSN(dsn(h.socket))
	b := beginning{launched: make(chan struct{}), ready: make(chan struct{}), failed: make(chan error)}
	go func() {
		defer close(s.done)
		defer h.close()
		s.supervise(life, c, b)
	}()
	if err := b.awaitReady(ctx, h.socket); err != nil {
		return err
	}
	close(b.ready)
	return h.announce()
}

// Started is closed once connections have been accepted for the first time.
func (s *Server) Started() <-chan struct{} { return s.started }

// Done is closed when the server and all that belongs to it has ended, which
// only Stop or a failed Start brings about.
func (s *Server) Done() <-chan struct{} { return s.done }

// Stop shuts Postgres down (connected clients are disconnected, everything
// committed is kept) and waits for its end. It may be called twice, or without
// Start.
func (s *Server) Stop() {
	if s.begin(func() {}) {
		close(s.done)
	}
	s.mu.Lock()
	end := s.end
	s.mu.Unlock()
	end()
	<-s.done
}

// DSN is the connection string of the database son1k, as its superuser
// postgres. It is empty before Start and stays the same when Postgres is
// restarted.
func (s *Server) DSN() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dsn
}

func (s *Server) setDSN(dsn string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dsn = dsn
}

// PID is the process id of the running postmaster, or 0 while there is none.
// Tests kill it.
func (s *Server) PID() int { return int(s.pid.Load()) }

// Running finds the server that another process runs in a home directory, so
// that a command beside `son1k serve` can use its database. It reports false
// if none runs there, or one of a user whose files we may not read.
func Running(home string) (dsn string, ok bool) {
	if home == "" {
		home = DefaultHome
	}
	return findRunning(filepath.Join(home, lockName))
}
