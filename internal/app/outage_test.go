package app_test

import (
	"context"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/embedded"
	"son1k/internal/provider"
)

// Postgres is stopped while a song is being made and started again: requests
// are refused politely meanwhile, and afterwards the song completes, in the
// same attempt and with nothing lost on the way to the browser.
func TestPostgresAwayInTheMiddleOfASong(t *testing.T) {
	t.Parallel()
	options := embedded.Options{Home: filepath.Join(t.TempDir(), "home")}
	server, err := embedded.Start(t.Context(), options)
	require.NoError(t, err)
	t.Cleanup(func() { server.Stop() })
	pool, err := pgxpool.New(t.Context(), server.DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	s := &system{dsn: server.DSN(), pool: pool, log: new(logBuffer)}
	working, resume := make(chan struct{}), make(chan struct{})
	n := s.boot(t, bootOptions{provider: &scripted{
		deliver: func(ctx context.Context, _ string, r provider.Request, out provider.Delivery) (provider.Result, error) {
			close(working)
			<-resume
			return deliverBytes(ctx, r, out, []byte("music"))
		},
	}})
	ana := s.person(t, n, "ana", "PRO")
	ws := n.dial(t, ana, "")
	song := n.create(t, ana, map[string]any{"prompt": "through the storm"})
	<-working

	server.Stop()
	for _, route := range []struct{ method, path string }{
		{http.MethodGet, "/api/generation/" + song.GenerationID.String()}, {http.MethodPost, "/api/generation/create"},
	} {
		r := n.call(t, ana, route.method, route.path, map[string]any{"prompt": "not now"})
		require.Equal(t, http.StatusServiceUnavailable, r.status, r.body)
		require.NotEmpty(t, r.header.Get("Retry-After"))
		code, _ := r.failure(t)
		require.Equal(t, "DATABASE_UNAVAILABLE", code)
	}
	require.Eventually(t, func() bool {
		return n.call(t, person{}, http.MethodGet, "/readyz", nil).status == http.StatusServiceUnavailable
	}, patient, 50*time.Millisecond)
	server, err = embedded.Start(t.Context(), options)
	require.NoError(t, err)
	pool.Reset() // the test's own connections are those of the old server
	close(resume)
	frames := ws.until(t, isFinal)
	requireTrueProgress(t, frames)
	require.Equal(t, "generation:complete", frames[len(frames)-1].Type)
	require.Equal(t, 1, n.get(t, ana, song.GenerationID).Attempt)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM generations"))
	require.Empty(t, s.log.errors())
}
