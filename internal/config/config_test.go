package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/config"
)

func TestDefaultsAreTheEmbeddedOnes(t *testing.T) {
	t.Parallel()
	c, err := config.Load(nil)
	require.NoError(t, err)
	require.True(t, c.Embedded())
	require.True(t, c.LocalAccounts())
	require.Equal(t, "127.0.0.1", c.ListenHost())
	require.True(t, c.Loopback())
	require.EqualValues(t, 3001, c.Port)
	require.Equal(t, ".son1k", c.Home)
}

func TestADatabaseMakesItAServer(t *testing.T) {
	t.Parallel()
	c, err := config.Load([]string{"DATABASE_URL=postgres://u:p@db/son1k", "JWT_SECRET=" + strings.Repeat("s", 32)})
	require.NoError(t, err)
	require.False(t, c.Embedded())
	require.False(t, c.LocalAccounts())
	require.Empty(t, c.ListenHost())
	require.False(t, c.Loopback())
}

// All problems are told at once, by the names of the variables.
func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := config.Load([]string{
		"DATABASE_URL=postgres://u:hunter2@:bad/x", "PORT=70000", "HOST=example.com", "FRONTEND_URL=https://a.example/path,ftp://b",
		"PUBLIC_URL=example.com", "JWT_SECRET=hunter2", "WORKER_CONCURRENCY=0", "SHUTDOWN_TIMEOUT=soon", "LOG_LEVEL=LOUD",
		"LOG_FORMAT=xml", "AUTH_LOCAL=perhaps", "SYNTH_PACE=-1", "DATABASE_POOL_SIZE=1",
	})
	require.Error(t, err)
	for _, name := range []string{
		"DATABASE_URL", "PORT", "HOST", "FRONTEND_URL", "PUBLIC_URL", "JWT_SECRET", "WORKER_CONCURRENCY",
		"SHUTDOWN_TIMEOUT", "LOG_LEVEL", "LOG_FORMAT", "AUTH_LOCAL", "SYNTH_PACE", "DATABASE_POOL_SIZE",
	} {
		require.Contains(t, err.Error(), name+":")
	}
	require.NotContains(t, err.Error(), "hunter2")
}

func TestServerNeedsASecret(t *testing.T) {
	t.Parallel()
	_, err := config.Load([]string{"DATABASE_URL=postgres://db/son1k"})
	require.ErrorContains(t, err, "JWT_SECRET: is needed with DATABASE_URL")
}

// However a configuration is printed, its secrets are not.
func TestSecretsDoNotShow(t *testing.T) {
	t.Parallel()
	const canary = "canary-canary-canary-canary-canary"
	c, err := config.Load([]string{"DATABASE_URL=postgres://u:" + canary + "@db/x", "DATABASE_LISTEN_URL=postgres://u:" + canary + "@db/x", "JWT_SECRET=" + canary})
	require.NoError(t, err)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %s", c, c, c.JWTSecret)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "config", c, "secret", c.JWTSecret)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "config", c, "secret", c.JWTSecret)
	require.NoError(t, json.NewEncoder(&out).Encode(c))
	for _, v := range c.Variables() {
		fmt.Fprintln(&out, v)
		require.NotEmpty(t, v.Name)
		require.NotEmpty(t, v.Help)
	}
	require.NotContains(t, out.String(), "canary")
	require.Equal(t, canary, c.JWTSecret.Reveal())
}

// The README's table is what the program reads.
func TestReadmeListsTheVariables(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	c, err := config.Load(nil)
	require.NoError(t, err)
	for _, v := range c.Variables() {
		def := v.Default
		if def != "" {
			def = "`" + def + "`"
		}
		require.Contains(t, string(readme), fmt.Sprintf("| `%s` | %s | %s |", v.Name, def, v.Help))
	}
}
