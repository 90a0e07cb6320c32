package pgtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"son1k/internal/postgres/embedded"
)

const (
	throwawayPrefix = "son1k-pgtest-"
	memoryDir       = "/dev/shm"
	memoryNeeded    = 4 << 30 // bytes that must be free there
)

// Throwaway is a server whose data goes away with it.
type Throwaway struct {
	*embedded.Server
	dir string
}

// StartThrowaway starts a server for tests. Its data is in memory where the
// system has a file system for that, and is not written to disk with care
// anywhere.
func StartThrowaway(ctx context.Context, log *slog.Logger) (*Throwaway, error) {
	return start(ctx, log, tempBase(), settings())
}

// StartDurable starts a server for benchmarks: on disk, as durable as in
// production, with default settings but for the number of connections.
func StartDurable(ctx context.Context, log *slog.Logger) (*Throwaway, error) {
	return start(ctx, log, os.TempDir(), map[string]string{"max_connections": "300"})
}

func start(ctx context.Context, log *slog.Logger, base string, settings map[string]string) (*Throwaway, error) {
	sweep(base)
	dir, err := os.MkdirTemp(base, throwawayPrefix)
	if err != nil {
		return nil, fmt.Errorf("server for tests: %w", err)
	}
	server, err := embedded.Start(ctx, embedded.Options{Home: dir, Logger: log, Settings: settings})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("server for tests: %w", err), os.RemoveAll(dir))
	}
	return &Throwaway{Server: server, dir: dir}, nil
}

// Stop stops the server and removes its data.
func (t *Throwaway) Stop() {
	t.Server.Stop()
	os.RemoveAll(t.dir)
}

// settings trade what tests do not need, to survive a power cut, for speed.
// Everything that they can observe is as in production.
func settings() map[string]string {
	return map[string]string{
		"fsync":            "off",
		"full_page_writes": "off",
		"max_connections":  "300",
		"max_wal_size":     "256MB", // it may be memory
		"autovacuum":       "off",   // would visit each of hundreds of databases in turn

		// In files, of which a killed server leaves none outside of its data.
		"dynamic_shared_memory_type": "mmap",
	}
}

// tempBase is the directory for throwaway data. A file system in memory makes
// clones several times faster: creating and deleting many small files, which is
// what they are, is what disk file systems are worst at.
func tempBase() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memoryDir, &fs); err != nil || uint64(fs.Bavail)*uint64(fs.Bsize) < memoryNeeded {
		return os.TempDir()
	}
	dir, err := os.MkdirTemp(memoryDir, throwawayPrefix)
	if err != nil {
		return os.TempDir()
	}
	os.Remove(dir)
	return memoryDir
}

// sweep removes the data of runs that were killed. It is a favour to the
// machine, so that failures do not count.
func sweep(base string) {
	dirs, _ := filepath.Glob(filepath.Join(base, throwawayPrefix+"*")) // only a bad pattern fails
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < time.Minute {
			continue // a young one may not have got its lock yet
		}
		if lock, free := lockIfFree(filepath.Join(dir, "lock")); free {
			os.RemoveAll(dir)
			lock.Close()
		}
	}
}

// lockIfFree takes the lock of a server's home if no process has it.
func lockIfFree(path string) (*os.File, bool) {
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, errors.Is(err, os.ErrNotExist)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, false
	}
	return f, true
}
