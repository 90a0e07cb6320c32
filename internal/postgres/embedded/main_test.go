package embedded

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// envHelper makes the test binary a program that serves its working directory,
// as `son1k serve` does, until it gets SIGTERM.
const envHelper = "SON1K_EMBEDDED_TEST_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(envHelper) != "" {
		os.Exit(helperMain())
	}
	useMemory()
	dir, err := os.MkdirTemp("", "son1k-embedded-")
	if err == nil {
		template = filepath.Join(dir, "template")
		err = makeTemplate()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// template is a home with a new cluster, to be copied: initdb takes long. Tests
// of making a cluster do without it.
var template string

func makeTemplate() error {
	s, err := Start(context.Background(), Options{Home: template, Settings: fast, Logger: slog.New(slog.DiscardHandler)})
	if err == nil {
		s.Stop()
	}
	return err
}

// newHome is a home in which a server has run already.
func newHome(t *testing.T) string {
	t.Helper()
	home := filepath.Join(t.TempDir(), "home")
	out, err := exec.Command("cp", "-Rp", template, home).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return home
}

// useMemory puts the homes into memory if there is enough. It saves much time.
func useMemory() {
	const dir = "/dev/shm"
	var fs syscall.Statfs_t
	if syscall.Statfs(dir, &fs) == nil && uint64(fs.Bavail)*uint64(fs.Bsize) > 4<<30 {
		os.Setenv("TMPDIR", dir)
	}
}

func helperMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := Start(ctx, Options{Settings: fast, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println(s.PID(), s.DSN())
	<-ctx.Done()
	s.Stop()
	return 0
}

// fast is for clusters that need not survive a power cut.
// Their shared memory is in files, of which a killed server leaves none behind
// outside of its data.
var fast = map[string]string{"fsync": "off", "dynamic_shared_memory_type": "mmap"}

// helper is a running helperMain.
type helper struct {
	cmd  *exec.Cmd
	pid  int // of its postmaster
	dsn  string
	home string
	out  *bufio.Reader
}

// startHelper serves dir/.son1k in another process, as the given user; zero is
// this one.
func startHelper(t *testing.T, dir string, uid int) *helper {
	t.Helper()
	h := launchHelper(t, dir, uid)
	line, err := h.out.ReadString('\n')
	require.NoError(t, err)
	_, err = fmt.Sscan(line, &h.pid, &h.dsn)
	require.NoError(t, err, line)
	return h
}

// launchHelper does not wait until the helper serves.
func launchHelper(t *testing.T, dir string, uid int) *helper {
	t.Helper()
	// The link works for a user who cannot reach the directory of the binary.
	cmd := exec.Command("/proc/self/exe")
	if runtime.GOOS != "linux" {
		exe, err := os.Executable()
		require.NoError(t, err)
		cmd = exec.Command(exe)
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), envHelper+"=1")
	cmd.Stderr = os.Stderr
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	h := &helper{cmd: cmd, home: filepath.Join(dir, DefaultHome), out: bufio.NewReader(out)}
	t.Cleanup(func() { h.end(syscall.SIGTERM) })
	return h
}

// end sends a signal and waits for the end. It may be called twice.
func (h *helper) end(sig syscall.Signal) error {
	if h.cmd.ProcessState != nil {
		return nil
	}
	h.cmd.Process.Signal(sig)
	io.Copy(io.Discard, h.out)
	return h.cmd.Wait()
}

// start starts a server that the test stops at its end.
func start(t *testing.T, home string) *Server {
	t.Helper()
	s, err := Start(t.Context(), options(t, home))
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	return s
}

func options(t *testing.T, home string) Options {
	return Options{Home: home, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)), Settings: fast}
}

// query runs a statement that returns one text.
func query(t *testing.T, dsn, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var answer string
	require.NoError(t, conn.QueryRow(t.Context(), sql).Scan(&answer))
	return answer
}

// write leaves something in the database, saved finds it again.
func write(t *testing.T, dsn, text string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	_, err = conn.Exec(t.Context(), "CREATE TABLE saved (text text); INSERT INTO saved VALUES ('"+text+"')")
	require.NoError(t, err)
}

func saved(t *testing.T, dsn string) string { return query(t, dsn, "SELECT text FROM saved") }

// eventually polls, because it is the state of another process that matters.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	require.Eventually(t, ok, 30*time.Second, 20*time.Millisecond, what)
}

// requireNothingRuns waits, since any process that a parallel test starts has
// our files open for an instant.
func requireNothingRuns(t *testing.T, home string) {
	t.Helper()
	eventually(t, "no process uses "+home, func() bool { return len(processesBelow(home)) == 0 })
}

func alive(pid int) bool {
	if err := syscall.Kill(pid, 0); err == syscall.ESRCH {
		return false
	}
	// A zombie that init has not collected yet is not alive.
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, state, _ := strings.Cut(string(stat), ") ")
	return err != nil || !strings.HasPrefix(state, "Z")
}

// publicDir is a temporary directory that every user can reach.
func publicDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(filepath.Dir(dir), 0o755))
	return dir
}
