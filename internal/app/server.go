package app

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"son1k/internal/lifecycle"
	"son1k/internal/ops"
)

// server is the HTTP server as a service. It listens from the beginning, so
// that its address is known; it answers once started.
type server struct {
	*lifecycle.Runner

	listener net.Listener
	http     *http.Server
	health   *ops.Health
	log      *slog.Logger
}

// drainTime is how long requests under way may take when the server stops.
const drainTime = 10 * time.Second

func newServer(address string, handler http.Handler, health *ops.Health, log *slog.Logger) (*server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &server{
		listener: listener, health: health, log: log,
		http: &http.Server{
			Handler:           handler,
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       60 * time.Second,
			IdleTimeout:       120 * time.Second,
			MaxHeaderBytes:    64 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}
	s.Runner = lifecycle.NewRunner("http server", s.run)
	return s, nil
}

// Addr is where it listens.
func (s *server) Addr() net.Addr { return s.listener.Addr() }

// Stop ends the server, or frees its address if it was never started.
func (s *server) Stop() {
	s.Runner.Stop()
	_ = s.listener.Close() // Shutdown has closed it already, if it ran
}

func (s *server) run(ctx context.Context, started func()) {
	failed := make(chan error, 1)
	go func() { failed <- s.http.Serve(s.listener) }()
	started()
	select {
	case err := <-failed:
		s.log.ErrorContext(ctx, "http server failed", "error", err)
		return
	case <-ctx.Done():
	}
	s.health.SetReady(false)
	drainCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := s.http.Shutdown(drainCtx); err != nil {
		s.log.WarnContext(ctx, "requests cut off", "error", err)
		_ = s.http.Close() // what Shutdown did not wait for
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		s.log.WarnContext(ctx, "http server", "error", err)
	}
}
