package pgtest

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// EnvURL names the environment variable with the connection string of the
// server for tests, as a user who may create databases.
const EnvURL = "SON1K_TEST_DATABASE_URL"

// Main runs the tests of a package with a server to clone databases on, and
// exits. If the tests pass but leave goroutines behind, other than those that
// the options ignore, it fails.
func Main(m *testing.M, ignore ...goleak.Option) {
	os.Exit(Run(m, ignore...))
}

// Run is Main for a package that has more to clean up: it returns the exit code.
func Run(m *testing.M, ignore ...goleak.Option) int {
	return run(context.Background(), m, ignore)
}

func run(ctx context.Context, m *testing.M, ignore []goleak.Option) int {
	if os.Getenv(EnvURL) == "" {
		server, err := StartThrowaway(ctx, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
		if err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			return 1
		}
		defer server.Stop()
		os.Setenv(EnvURL, server.DSN())
		ignore = append(ignore, goleak.IgnoreCurrent()) // the server's
	}
	code := m.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(ignore...); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest: the tests leave goroutines behind:", err)
		return 1
	}
	return 0
}
