// Package browsertest drives the studio in a real browser, Chromium, against
// the real server.
package browsertest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"
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
	dsn      string
	env      []string
	provider provider.Provider // nil: the synthesizer
	app      *app.App
	url      string
}

// setup starts a server that works at pace times real time.
func setup(t *testing.T, pace string, vendor provider.Provider) *site {
	t.Helper()
	dsn := pgtest.DSN(t)
	s := &site{t: t, dsn: dsn, provider: vendor, env: []string{
		"DATABASE_URL=" + dsn, "JWT_SECRET=only for tests, and long enough for that",
		"AUTH_LOCAL=true", "HOST=127.0.0.1", "PORT=0", "SYNTH_PACE=" + pace, "WORKER_CONCURRENCY=1", "SHUTDOWN_TIMEOUT=2s",
	}}
	t.Cleanup(func() { s.app.Stop() })
	s.start()
	return s
}

// beside starts another replica.
func (s *site) beside() *site {
	s.t.Helper()
	other := &site{t: s.t, dsn: s.dsn, provider: s.provider, env: slices.Clone(s.env)}
	s.t.Cleanup(func() { other.app.Stop() })
	other.start()
	return other
}

// post calls the API past the browser.
func (s *site) post(token, path string, body any) {
	s.t.Helper()
	encoded, err := json.Marshal(body)
	require.NoError(s.t, err)
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, "http://"+s.app.Addr().String()+path, bytes.NewReader(encoded))
	require.NoError(s.t, err)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	require.NoError(s.t, err)
	defer res.Body.Close()
	require.Less(s.t, res.StatusCode, 300, path)
}

// promote puts everybody on a tier.
func (s *site) promote(tier string) {
	s.t.Helper()
	s.exec("UPDATE users SET tier = $1", tier)
}

// exec changes the database past the server.
func (s *site) exec(sql string, args ...any) {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.dsn)
	require.NoError(s.t, err)
	defer conn.Close(context.WithoutCancel(s.t.Context()))
	_, err = conn.Exec(s.t.Context(), sql, args...)
	require.NoError(s.t, err)
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
