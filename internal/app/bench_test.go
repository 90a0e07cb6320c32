package app_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/config"
	"son1k/internal/postgres/embedded"
)

// bench boots the embedded default, durable commits and all.
func bench(b *testing.B, role app.Role) (base, token string) {
	b.Helper()
	home := filepath.Join(b.TempDir(), "home")
	cfg, err := config.Load([]string{"SON1K_HOME=" + home, "PORT=0"})
	require.NoError(b, err)
	a := app.New(app.Options{Config: cfg, Log: slog.New(slog.DiscardHandler), Version: "bench", Role: role})
	require.NoError(b, a.Start(b.Context()))
	b.Cleanup(a.Stop)
	dsn, ok := embedded.Running(home)
	require.True(b, ok)
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	defer conn.Close(b.Context()) //nolint:errcheck // has done its work
	_, err = conn.Exec(b.Context(), "UPDATE users SET daily_generations = 1000000, monthly_generations = 1000000")
	require.NoError(b, err)
	token, err = a.LocalToken(time.Hour)
	require.NoError(b, err)
	return "http://" + a.Addr().String(), token
}

func post(b *testing.B, c *http.Client, url, token, body string) []byte {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(b, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	res, err := c.Do(req)
	require.NoError(b, err)
	defer res.Body.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(res.Body)
	require.NoError(b, err)
	require.Less(b, res.StatusCode, 300, "%s", raw)
	return raw
}

// report adds the median and the 99th percentile to a benchmark's line.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}

// BenchmarkCreate measures POST /api/generation/create from request to answer
// over a kept-alive connection, one caller, nobody working off the queue.
func BenchmarkCreate(b *testing.B) {
	base, token := bench(b, app.Role{API: true})
	c := &http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		post(b, c, base+"/api/generation/create", token, `{"prompt":"a bolero about the sea"}`)
		took = append(took, time.Since(began))
	}
	report(b, took)
}

// BenchmarkFirstProgress measures from the request for a song to the first
// frame at the browser that says that it is being worked on.
func BenchmarkFirstProgress(b *testing.B) {
	base, token := bench(b, app.Role{API: true, Worker: true})
	c := &http.Client{Transport: &http.Transport{}}
	defer c.CloseIdleConnections()
	ws, _, err := websocket.Dial(b.Context(), "ws"+strings.TrimPrefix(base, "http")+"/ws", nil)
	require.NoError(b, err)
	defer ws.CloseNow() //nolint:errcheck // the end
	require.NoError(b, wsjson.Write(b.Context(), ws, map[string]any{"type": "authenticate", "data": map[string]string{"token": token}}))
	until := func(ok func(frame) bool) {
		for {
			var f frame
			require.NoError(b, wsjson.Read(b.Context(), ws, &f))
			if ok(f) {
				return
			}
		}
	}
	until(func(f frame) bool { return f.Type == "authenticated" })
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		raw := post(b, c, base+"/api/generation/create", token, `{"prompt":"short","duration":5}`)
		require.True(b, json.Valid(raw))
		until(func(f frame) bool { return f.Data.Status == "processing" })
		took = append(took, time.Since(began))
		until(isFinal)
	}
	report(b, took)
}
