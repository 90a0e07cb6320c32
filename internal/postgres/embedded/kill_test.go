package embedded

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

func TestPostgresKilled(t *testing.T) {
	t.Parallel()
	s := start(t, newHome(t))
	write(t, s.DSN(), "kept")
	pool, err := pgxpool.New(t.Context(), s.DSN())
	require.NoError(t, err)
	defer pool.Close()
	for range 2 {
		old := s.PID()
		require.NoError(t, syscall.Kill(old, syscall.SIGKILL))
		eventually(t, "the pool reconnects", func() bool {
			var text string
			err := pool.QueryRow(t.Context(), "SELECT text FROM saved").Scan(&text)
			return err == nil && text == "kept" && s.PID() != old && s.PID() != 0
		})
	}
}

// Stop works while Postgres is down and about to be started again.
func TestStopWhileDown(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	s := start(t, home)
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGKILL))
	eventually(t, "the death is noticed", func() bool { return s.PID() == 0 })
	s.Stop()
	requireNothingRuns(t, home) // its children have noticed as well
	start(t, home)              // removes the shared memory that the kernel keeps for the killed
}

func TestParentKilled(t *testing.T) {
	t.Parallel()
	h := startHelper(t, t.TempDir(), 0)
	write(t, h.dsn, "kept")
	h.end(syscall.SIGKILL)
	if runtime.GOOS == "linux" {
		eventually(t, "postgres ends with its parent", func() bool { return !alive(h.pid) })
	}
	s := start(t, h.home)
	require.Equal(t, "kept", saved(t, s.DSN()))
}

// The next start does not wait until the orphan has gone by itself.
func TestParentKilledAndStartedAtOnce(t *testing.T) {
	t.Parallel()
	h := startHelper(t, t.TempDir(), 0)
	write(t, h.dsn, "kept")
	h.end(syscall.SIGKILL)
	s := start(t, h.home)
	require.Equal(t, "kept", saved(t, s.DSN()))
	require.False(t, alive(h.pid))
}

func TestParentKilledDuringStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := launchHelper(t, dir, 0)
	eventually(t, "initdb begins", func() bool { return len(unfinishedBelow(t, h.home)) > 0 })
	h.end(syscall.SIGKILL)
	s := start(t, h.home)
	write(t, s.DSN(), "x")
	require.Empty(t, unfinishedBelow(t, h.home))
}

// A server that nothing has told of the death of its parent, as on systems
// other than Linux, is stopped at the next start.
func TestOrphan(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	s := start(t, home)
	write(t, s.DSN(), "kept")
	s.Stop()

	orphan := startOrphan(t, home)
	s = start(t, home)
	require.Equal(t, "kept", saved(t, s.DSN()))
	require.NoError(t, <-orphan.exited, "it has been asked to end, and did so by itself")
}

type orphan struct {
	pid    int
	exited chan error
}

// startOrphan runs postgres on a home that nobody supervises.
func startOrphan(t *testing.T, home string) orphan {
	t.Helper()
	h, err := openHome(t.Context(), home)
	require.NoError(t, err)
	c, err := prepare(t.Context(), h, options(t, home), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	log, err := openLog(h.root, c.user)
	require.NoError(t, err)
	defer log.close()
	o := orphan{exited: make(chan error, 1)}
	b := beginning{launched: make(chan struct{}), failed: make(chan error, 1)}
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		cmd, err := c.startPostgres(log.file, 0)
		if err != nil {
			b.failed <- err
			return
		}
		o.pid = cmd.Process.Pid
		close(b.launched)
		o.exited <- cmd.Wait()
	}()
	require.NoError(t, b.awaitReady(t.Context(), h.socket))
	h.close()
	return o
}

// The pid in postmaster.pid has come to belong to an unrelated process of the
// same user.
func TestPIDReused(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	s := start(t, home)
	write(t, s.DSN(), "kept")
	pidFile := filepath.Join(home, subDir, dataName, "postmaster.pid")
	content, err := os.ReadFile(pidFile)
	require.NoError(t, err)
	info, err := os.Stat(pidFile)
	require.NoError(t, err)
	s.Stop()

	uid, gid := ownerOf(info)
	sleep := exec.Command("sleep", "600")
	if uid != os.Geteuid() {
		sleep.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	require.NoError(t, sleep.Start())
	defer func() { sleep.Process.Kill(); sleep.Wait() }()
	_, rest, _ := strings.Cut(string(content), "\n")
	require.NoError(t, os.WriteFile(pidFile, []byte(strconv.Itoa(sleep.Process.Pid)+"\n"+rest), 0o600))
	require.NoError(t, os.Chown(pidFile, uid, gid))

	s = start(t, home)
	require.Equal(t, "kept", saved(t, s.DSN()))
	require.NoError(t, sleep.Process.Signal(syscall.Signal(0)), "it has been left alone")
}

// A server that hangs is stopped with force, be it ours or one left over.
func TestStopHanging(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	o := options(t, home)
	o.patience = patience{fast: 50 * time.Millisecond, immediate: 50 * time.Millisecond}
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	write(t, s.DSN(), "kept")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGSTOP))
	s.Stop()
	requireNothingRuns(t, home)

	o.patience.immediate = time.Second // for SIGKILL to do its work
	orphan := startOrphan(t, home)
	require.NoError(t, syscall.Kill(orphan.pid, syscall.SIGSTOP))
	s, err = Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	require.Equal(t, "kept", saved(t, s.DSN()))
	require.ErrorContains(t, <-orphan.exited, "killed")
}
