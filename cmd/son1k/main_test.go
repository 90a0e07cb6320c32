package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// runCommand runs a command line and returns its exit code and output.
func runCommand(environ []string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(args, environ, &out, &errs)
	return code, out.String(), errs.String()
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, arg := range []string{"help", "-h", "--help"} {
		code, out, _ := runCommand(nil, arg)
		require.Equal(t, exitOK, code)
		for _, name := range []string{"serve", "api", "worker", "migrate", "token", "jobs", "config", "health"} {
			require.Contains(t, out, "son1k "+name)
		}
	}
	code, _, errs := runCommand(nil)
	require.Equal(t, exitUsage, code)
	require.Equal(t, usage, errs)
}

func TestBadCommandLines(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"frobnicate"}, {"serve", "now"}, {"token"}, {"token", "--user"}, {"token", "--user", "x", "--ttl", "-1h"},
		{"token", "--nonsense"}, {"migrate", "sideways"}, {"migrate", "down"}, {"migrate", "status", "x"}, {"config", "x"}, {"health", "a", "b"},
	} {
		code, out, errs := runCommand(nil, args...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out, args)
		require.NotEmpty(t, errs, args)
	}
	code, _, errs := runCommand(nil, "migrate", "down", "x")
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "not a version")
}

func TestBadEnvironment(t *testing.T) {
	t.Parallel()
	code, _, errs := runCommand([]string{"PORT=x", "LOG_FORMAT=y"}, "serve")
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "PORT")
	require.Contains(t, errs, "LOG_FORMAT")
}

func TestRolesNeedADatabase(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"api", "worker"} {
		code, _, errs := runCommand(nil, role)
		require.Equal(t, exitError, code)
		require.Contains(t, errs, "DATABASE_URL")
	}
}

func TestConfigMasksSecrets(t *testing.T) {
	t.Parallel()
	code, out, _ := runCommand([]string{"DATABASE_URL=postgres://u:canary@db/x", "JWT_SECRET=" + strings.Repeat("canary", 10)}, "config")
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "JWT_SECRET")
	require.Contains(t, out, "********")
	require.NotContains(t, out, "canary")
}

func TestMigrateThePrivateDatabase(t *testing.T) {
	t.Parallel()
	env := []string{"SON1K_HOME=" + filepath.Join(t.TempDir(), "home"), "LOG_LEVEL=ERROR"}
	code, _, errs := runCommand(env, "migrate")
	require.Equal(t, exitOK, code, errs)
	code, out, errs := runCommand(env, "migrate", "status")
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "applied")
	require.NotContains(t, out, "pending")
	code, _, errs = runCommand(env, "migrate", "down", "0")
	require.Equal(t, exitOK, code, errs)
	_, out, _ = runCommand(env, "migrate", "status")
	require.NotContains(t, out, "applied")
}

func TestHealth(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"status":"fine"}`))
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	code, out, _ := runCommand(nil, "health", server.URL)
	require.Equal(t, exitOK, code)
	require.Equal(t, "fine\n", out)
	status = http.StatusServiceUnavailable
	code, _, errs := runCommand(nil, "health", server.URL)
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "not ready")
	server.Close()
	code, _, errs = runCommand(nil, "health", server.URL)
	require.Equal(t, exitError, code)
	require.Contains(t, errs, "no answer")
}
