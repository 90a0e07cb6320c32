package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"son1k/internal/postgres/pgtest"
)

// envMain makes the test binary the command itself.
const envMain = "SON1K_WITHPG_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(envMain) != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// withpg prepares to run a shell script under the command, with no server given.
func withpg(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "--", "sh", "-c", script)
	cmd.Env = append(os.Environ(), envMain+"=1", pgtest.EnvURL+"=")
	cmd.Stderr = os.Stderr
	return cmd
}

// home is where the server of a script's DSN keeps its data.
const home = `dsn=$SON1K_TEST_DATABASE_URL; dir=$(printf '%s' "$dsn" | sed 's/.*host=\([^&]*\)&.*/\1/; s,%2F,/,g'); `

func TestExitCodeAndOutput(t *testing.T) {
	t.Parallel()
	cmd := withpg(t, home+`test -S "$dir/.s.PGSQL.5432" || exit 3; cat; echo "$dir"; exit 7`)
	cmd.Stdin = bytes.NewBufferString("in\n")
	out, err := cmd.Output()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit)
	require.Equal(t, 7, exit.ExitCode())
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	require.Len(t, lines, 2)
	require.Equal(t, "in", string(lines[0]))
	require.NoDirExists(t, filepath.Dir(filepath.Dir(string(lines[1]))), "the data is gone")
}

func TestSignalsArePassedOn(t *testing.T) {
	t.Parallel()
	cmd := withpg(t, home+`trap 'echo got it; exit 5' TERM; echo "$dir"; while :; do sleep 0.05; done`)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	dir := lines.Text()
	require.DirExists(t, dir)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.True(t, lines.Scan())
	require.Equal(t, "got it", lines.Text())
	require.ErrorContains(t, cmd.Wait(), "exit status 5")
	require.NoDirExists(t, filepath.Dir(filepath.Dir(dir)))
}

func TestKilledCommand(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, withpg(t, "kill -9 $$").Run(), "exit status 137")
}

func TestNoSuchCommand(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "/no/such/command")
	cmd.Env = append(os.Environ(), envMain+"=1", pgtest.EnvURL+"=postgres://given")
	out, err := cmd.CombinedOutput()
	require.ErrorContains(t, err, "exit status 127")
	require.Contains(t, string(out), "/no/such/command")
}

// A signal that comes before the command has been started ends it all.
func TestSignalDuringStart(t *testing.T) {
	t.Parallel()
	signals := make(chan os.Signal, 1)
	signals <- syscall.SIGTERM
	begin := time.Now()
	_, err := startServer(signals, pgtest.StartThrowaway)
	require.ErrorContains(t, err, "terminated")
	require.Less(t, time.Since(begin), 10*time.Second)
}
