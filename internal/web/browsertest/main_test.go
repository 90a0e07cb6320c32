// Package browsertest drives the studio in a real browser, Chromium, against
// the real server.
package browsertest

import (
	"io"
	"log/slog"
	"net"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/config"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/provider"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a server with a database of the test's own. It can be restarted.
type site struct {
	t        *testing.T
	env      []string
	provider provider.Provider // nil: the synthesizer
	app      *app.App
	url      string
}

// setup starts a server that works at pace times real time.
func setup(t *testing.T, pace string, vendor provider.Provider) *site {
	t.Helper()
	s := &site{t: t, provider: vendor, env: []string{
		"DATABASE_URL=" + pgtest.DSN(t), "JWT_SECRET=only for tests, and long enough for that",
		"AUTH_LOCAL=true", "HOST=127.0.0.1", "PORT=0", "SYNTH_PACE=" + pace, "WORKER_CONCURRENCY=1", "SHUTDOWN_TIMEOUT=2s",
	}}
	t.Cleanup(func() { s.app.Stop() })
	s.start()
	return s
}

func (s *site) start() {
	s.t.Helper()
	cfg, err := config.Load(s.env)
	require.NoError(s.t, err)
	s.app = app.New(app.Options{
		Config: cfg, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "test",
		Role: app.Role{API: true, Worker: true}, Provider: s.provider,
	})
	require.NoError(s.t, s.app.Start(s.t.Context()))
	s.url = "http://" + s.app.Addr().String() + "/"
}

// stop takes the server down; start then brings it back at the same address.
func (s *site) stop() {
	port := s.app.Addr().(*net.TCPAddr).Port
	s.app.Stop()
	s.env = append(s.env, "PORT="+strconv.Itoa(port)) // the last one counts
}
