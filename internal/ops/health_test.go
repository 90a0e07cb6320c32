package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/ops"
)

func ask(t *testing.T, handler http.HandlerFunc) (status int, body map[string]any) {
	t.Helper()
	w := httptest.NewRecorder()
	handler(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil))
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body))
	return w.Code, body
}

func newHealth(essential, other error) *ops.Health {
	return ops.NewHealth(ops.HealthConfig{
		Version: "v1", Environment: "test",
		Checks: []ops.Check{
			{Name: "database", Essential: true, Run: func(context.Context) error { return essential }},
			{Name: "workers", Run: func(context.Context) error { return other }},
		},
		Depth: func(context.Context) (waiting, running int, err error) { return 7, 2, nil },
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	down := errors.New("down: password=hunter2")
	for name, c := range map[string]struct {
		essential, other error
		status           int
		word             string
	}{
		"all well":      {nil, nil, 200, "ok"},
		"no worker":     {nil, down, 200, "degraded"},
		"no database":   {down, nil, 503, "unhealthy"},
		"nothing works": {down, down, 503, "unhealthy"},
	} {
		status, body := ask(t, newHealth(c.essential, c.other).Report)
		require.Equal(t, c.status, status, name)
		require.Equal(t, c.word, body["status"], name)
		require.Equal(t, map[string]any{"waiting": 7.0, "running": 2.0}, body["queue"])
		require.NotContains(t, body, "error")
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	h := newHealth(nil, nil)
	status, _ := ask(t, h.Ready)
	require.Equal(t, http.StatusServiceUnavailable, status, "not before it has started")
	h.SetReady(true)
	status, _ = ask(t, h.Ready)
	require.Equal(t, http.StatusOK, status)
	h.SetReady(false)
	status, _ = ask(t, h.Ready)
	require.Equal(t, http.StatusServiceUnavailable, status, "not while it drains")
	status, _ = ask(t, h.Live)
	require.Equal(t, http.StatusOK, status, "but alive")

	broken := newHealth(errors.New("away"), nil)
	broken.SetReady(true)
	status, _ = ask(t, broken.Ready)
	require.Equal(t, http.StatusServiceUnavailable, status)
}

// However many ask, the parts are asked once a second.
func TestChecksAreShared(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	h := ops.NewHealth(ops.HealthConfig{
		Checks: []ops.Check{{Name: "database", Run: func(context.Context) error { asked.Add(1); return nil }}},
		Depth:  func(context.Context) (waiting, running int, err error) { return 0, 0, nil },
	})
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() { h.Report(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil)) })
	}
	wg.Wait()
	require.LessOrEqual(t, asked.Load(), int64(3))
}
