package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Names below Home and below Home/postgres.
const (
	lockName   = "lock"
	subDir     = "postgres"
	dataName   = "data"
	socketName = "socket"
	logName    = "log"
)

const lockPatience = 500 * time.Millisecond // see flock

// home is a home directory that this process has locked.
type home struct {
	dir    string   // absolute
	root   *os.Root // of dir/postgres: its entries may belong to another user, who must not lead root astray with symlinks
	lock   *os.File
	socket *socketPath
}

// openHome makes and locks a home directory.
func openHome(ctx context.Context, dir string) (_ *home, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, fmt.Errorf("home directory: %w", err)
	}
	h := &home{dir: dir}
	defer func() {
		if err != nil {
			h.close()
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("home directory: %w", err)
	}
	if h.lock, err = lockFile(ctx, filepath.Join(dir, lockName)); err != nil {
		return nil, err
	}
	sub := filepath.Join(dir, subDir)
	if err := os.Mkdir(sub, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("home directory: %w", err)
	}
	if h.root, err = os.OpenRoot(sub); err != nil {
		return nil, fmt.Errorf("home directory: %w", err)
	}
	if h.socket, err = newSocketPath(filepath.Join(sub, socketName)); err != nil {
		return nil, err
	}
	return h, nil
}

// close gives the home directory free. Postgres must have ended.
func (h *home) close() {
	if h.socket != nil {
		h.socket.close()
	}
	if h.root != nil {
		h.root.Close()
	}
	if h.lock != nil {
		h.lock.Truncate(0)
		h.lock.Close()
	}
}

// announce writes into the lock file what Running reads: where to connect.
func (h *home) announce() error {
	if _, err := fmt.Fprintf(h.lock, "%s\n", h.socket.dir); err != nil {
		return fmt.Errorf("lock file: %w", err)
	}
	return nil
}

// data is the absolute path of the cluster.
func (h *home) data() string { return filepath.Join(h.dir, subDir, dataName) }

// lockFile takes the lock for this process and writes its pid there. The lock
// ends with the process, however it ends: descriptors are not inherited.
func lockFile(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("lock file: %w; use the home directory as its owner or as root, or use another one", err)
	}
	if err != nil {
		return nil, fmt.Errorf("lock file: %w", err)
	}
	err = flock(ctx, f)
	if err == nil {
		err = keepOwner(f, filepath.Dir(path))
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteString(strconv.Itoa(os.Getpid()) + "\n")
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock file: %w", err)
	}
	return f, nil
}

// flock waits for the lock, but not for long. A process that is killed the
// moment it starts another may leave the lock with that one for an instant.
func flock(ctx context.Context, f *os.File) error {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	deadline := time.Now().Add(lockPatience)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR):
			return err
		case time.Now().After(deadline):
			return inUse(f)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-poll.C:
		}
	}
}

// inUse says who holds the lock.
func inUse(f *os.File) error {
	who := "another process"
	content, _ := io.ReadAll(f)
	if pid, _, _ := bytes.Cut(content, []byte("\n")); len(pid) > 0 {
		who = "process " + string(pid)
	}
	return fmt.Errorf("%s is in use by %s; stop that one first, or use another home directory", filepath.Dir(f.Name()), who)
}

// keepOwner gives a file that root made in somebody's directory to its owner,
// who could not open it otherwise when root is gone.
func keepOwner(f *os.File, dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	return f.Chown(ownerOf(info))
}

// findRunning reads what announce wrote and asks whether somebody listens.
func findRunning(lock string) (string, bool) {
	content, err := os.ReadFile(lock)
	if err != nil {
		return "", false
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	dir, complete := strings.CutSuffix(rest, "\n")
	if !complete || dir == "" {
		return "", false
	}
	s := &socketPath{dir: dir}
	conn, err := net.Dial("unix", s.file())
	if err != nil {
		return "", false
	}
	conn.Close()
	return dsn(s), true
}
