package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/config"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/provider"
)

const (
	secret  = "a secret for tests, at least 32 bytes long"
	patient = 60 * time.Second // for what happens in seconds on a free machine
)

// system is one or more apps on a database of the test's own.
type system struct {
	dsn  string
	pool *pgxpool.Pool
	log  *logBuffer
}

func newSystem(t *testing.T) *system {
	t.Helper()
	dsn := pgtest.DSN(t)
	pool, err := pgxpool.New(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return &system{dsn: dsn, pool: pool, log: new(logBuffer)}
}

// node is one app of a system.
type node struct {
	*app.App
	url string
}

type bootOptions struct {
	role     app.Role
	provider provider.Provider
	env      []string
}

// boot starts an app on port 0, as the command does, and stops it at the end.
func (s *system) boot(t *testing.T, o bootOptions) *node {
	t.Helper()
	env := append([]string{
		"DATABASE_URL=" + s.dsn, "JWT_SECRET=" + secret, "HOST=127.0.0.1", "PORT=0", "AUTH_LOCAL=true",
		"SHUTDOWN_TIMEOUT=15s", "DATABASE_POOL_SIZE=15",
	}, o.env...)
	cfg, err := config.Load(env)
	require.NoError(t, err)
	if o.role == (app.Role{}) {
		o.role = app.Role{API: true, Worker: true}
	}
	a := app.New(app.Options{
		Config: cfg, Version: "test", Role: o.role, Provider: o.provider,
		Log: slog.New(slog.NewJSONHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, a.Start(t.Context()))
	t.Cleanup(a.Stop)
	return &node{App: a, url: "http://" + a.Addr().String()}
}

// logBuffer keeps what is logged.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// errors returns the lines that look like something broke.
func (b *logBuffer) errors() []string {
	var lines []string
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, "panic") {
			lines = append(lines, line)
		}
	}
	return lines
}

// person is a user with an access token.
type person struct {
	id    uuid.UUID
	token string
}

// person registers somebody and puts them on a tier.
func (s *system) person(t *testing.T, n *node, name, tier string) person {
	t.Helper()
	r := n.call(t, person{}, http.MethodPost, "/api/auth/register", map[string]any{
		"email": name + "@example.org", "username": name, "password": "correct horse battery",
	})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	var session struct {
		AccessToken string `json:"accessToken"`
		User        struct {
			ID uuid.UUID `json:"id"`
		} `json:"user"`
	}
	r.data(t, &session)
	_, err := s.pool.Exec(t.Context(), "UPDATE users SET tier = $2 WHERE id = $1", session.User.ID, tier)
	require.NoError(t, err)
	return person{id: session.User.ID, token: session.AccessToken}
}

// unlimited takes a person's quota away.
func (s *system) unlimited(t *testing.T, p person) {
	t.Helper()
	s.exec(t, "UPDATE users SET daily_generations = 100000, monthly_generations = 100000 WHERE id = $1", p.id)
}

func (s *system) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	_, err := s.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
}

type response struct {
	status int
	header http.Header
	body   string
}

// data reads the data of a successful envelope.
func (r response) data(t *testing.T, dst any) {
	t.Helper()
	var env struct {
		Success bool            `json:"success"`
		Data    json.RawMessage `json:"data"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &env), r.body)
	require.True(t, env.Success, r.body)
	require.NoError(t, json.Unmarshal(env.Data, dst), r.body)
}

// failure reads the code of a failed envelope, and checks its form.
func (r response) failure(t *testing.T) (code string, fields []string) {
	t.Helper()
	var env struct {
		Success *bool `json:"success"`
		Error   struct {
			Code    string `json:"code"`
			Message string `json:"message"`
			Details []struct {
				Field   string `json:"field"`
				Message string `json:"message"`
			} `json:"details"`
		} `json:"error"`
		RequestID string `json:"requestId"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &env), "status %d: %s", r.status, r.body)
	require.NotNil(t, env.Success)
	require.False(t, *env.Success)
	require.NotEmpty(t, env.Error.Code)
	require.NotEmpty(t, env.Error.Message)
	require.Equal(t, r.header.Get("X-Request-Id"), env.RequestID)
	for _, d := range env.Error.Details {
		require.NotEmpty(t, d.Message)
		fields = append(fields, d.Field)
	}
	return env.Error.Code, fields
}

// call makes a request with a JSON body, as p if p has a token.
func (n *node) call(t *testing.T, p person, method, path string, body any) response {
	t.Helper()
	var reader io.Reader
	header := http.Header{}
	if body != nil {
		raw, err := json.Marshal(body)
		require.NoError(t, err)
		reader = bytes.NewReader(raw)
		header.Set("Content-Type", "application/json")
	}
	return n.send(t, p, method, path, reader, header)
}

func (n *node) send(t *testing.T, p person, method, path string, body io.Reader, header http.Header) response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, n.url+path, body)
	require.NoError(t, err)
	req.Header = header
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close() //nolint:errcheck // read only
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return response{status: res.StatusCode, header: res.Header, body: string(raw)}
}

// client keeps no idle connections, which would look like leaks.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} //nolint:gochecknoglobals // shared by all tests

type created struct {
	GenerationID uuid.UUID `json:"generationId"`
	Status       string    `json:"status"`
	Queue        *struct {
		Position int `json:"position"`
	} `json:"queue"`
	TaskID uuid.UUID `json:"taskId"`
}

// create asks for a song and expects to get one.
func (n *node) create(t *testing.T, p person, body map[string]any) created {
	t.Helper()
	r := n.call(t, p, http.MethodPost, "/api/generation/create", body)
	require.Equal(t, http.StatusAccepted, r.status, r.body)
	var c created
	r.data(t, &c)
	require.Equal(t, "pending", c.Status)
	return c
}

type view struct {
	ID        uuid.UUID         `json:"id"`
	Status    string            `json:"status"`
	Progress  int               `json:"progress"`
	Title     *string           `json:"title"`
	AudioURL  *string           `json:"audioUrl"`
	AudioURLs []string          `json:"audioUrls"`
	Duration  float64           `json:"duration"`
	Peaks     []int             `json:"peaks"`
	Attempt   int               `json:"attempt"`
	Error     map[string]string `json:"error"`
}

func (n *node) get(t *testing.T, p person, id uuid.UUID) view {
	t.Helper()
	r := n.call(t, p, http.MethodGet, "/api/generation/"+id.String(), nil)
	require.Equal(t, http.StatusOK, r.status, r.body)
	var v view
	r.data(t, &v)
	return v
}

// await polls until a generation has the status.
func (n *node) await(t *testing.T, p person, id uuid.UUID, status string) view {
	t.Helper()
	var v view
	require.Eventually(t, func() bool {
		v = n.get(t, p, id)
		return v.Status == status
	}, patient, 50*time.Millisecond, "generation %s never became %s; it is %+v", id, status, &v)
	return v
}

// count runs a query that counts.
func (s *system) count(t *testing.T, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, s.pool.QueryRow(t.Context(), query, args...).Scan(&n))
	return n
}

// scripted is a provider whose behaviour a test chooses.
type scripted struct {
	submit  func(context.Context, provider.Request) (string, error)
	deliver func(context.Context, string, provider.Request, provider.Delivery) (provider.Result, error)
}

func (s *scripted) Name() string { return "scripted" }

func (s *scripted) Capabilities() provider.Capabilities {
	return provider.Capabilities{MaxDuration: 10 * time.Minute}
}

func (s *scripted) Submit(ctx context.Context, r provider.Request) (string, error) {
	if s.submit == nil {
		return "task-" + fmt.Sprint(r.Seed), nil
	}
	return s.submit(ctx, r)
}

func (s *scripted) Deliver(ctx context.Context, task string, r provider.Request, out provider.Delivery) (provider.Result, error) {
	if s.deliver == nil {
		return deliverBytes(ctx, r, out, []byte("not really music"))
	}
	return s.deliver(ctx, task, r, out)
}

// deliverBytes delivers one clip with the given content.
func deliverBytes(ctx context.Context, r provider.Request, out provider.Delivery, content []byte) (provider.Result, error) {
	w, err := out.Clip(ctx, 0, "audio/flac")
	if err != nil {
		return provider.Result{}, err
	}
	if _, err := w.Write(content); err != nil {
		return provider.Result{}, err
	}
	if err := w.Close(); err != nil {
		return provider.Result{}, err
	}
	return provider.Result{Title: r.Prompt, Clips: []provider.Clip{{Duration: r.Duration}}}, nil
}
