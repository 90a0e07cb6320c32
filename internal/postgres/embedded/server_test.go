package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/lifecycle"
)

var _ lifecycle.Service = (*Server)(nil)

func TestServer(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	s := start(t, home)
	for setting, want := range map[string]string{
		"server_encoding":  "UTF8",
		"data_checksums":   "on",
		"listen_addresses": "",
		"max_connections":  "200",
		"TimeZone":         "UTC",
		"fsync":            "off",
	} {
		require.Equal(t, want, query(t, s.DSN(), "SELECT current_setting('"+setting+"')"), setting)
	}
	require.Equal(t, "C", query(t, s.DSN(), "SELECT datcollate FROM pg_database WHERE datname = current_database()"))
	require.Equal(t, "ñandú son1k", query(t, s.DSN(), "SELECT lower('ÑANDÚ') || ' ' || current_database()"))
	write(t, s.DSN(), "kept")

	dsn, ok := Running(home)
	require.True(t, ok)
	require.Equal(t, s.DSN(), dsn)
	s.Stop()
	s.Stop()
	<-s.Done()
	require.Zero(t, s.PID())
	_, ok = Running(home)
	require.False(t, ok)
	require.Error(t, s.Start(t.Context()), "a server starts once")

	begin := time.Now()
	s = start(t, home)
	require.Less(t, time.Since(begin), 3*time.Second, "warm start")
	require.Equal(t, "kept", saved(t, s.DSN()))
}

func TestDurableByDefault(t *testing.T) {
	t.Parallel()
	o := options(t, newHome(t))
	o.Settings = nil
	s, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(s.Stop)
	require.Equal(t, "on on on", query(t, s.DSN(),
		"SELECT concat_ws(' ', current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'))"))
}

// Only the owner, and root, may get at the socket or the data, and a signal to
// the terminal's process group does not reach Postgres.
func TestServerIsPrivate(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	s := start(t, home)
	for _, name := range []string{dataName, socketName} {
		info, err := os.Stat(filepath.Join(home, subDir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), name)
	}
	group, err := syscall.Getpgid(s.PID())
	require.NoError(t, err)
	require.NotEqual(t, syscall.Getpgrp(), group)
	info, err := os.Stat(filepath.Join(home, subDir, dataName))
	require.NoError(t, err)
	uid, _ := ownerOf(info)
	require.NotZero(t, uid)
}

func TestServerInGroup(t *testing.T) {
	t.Parallel()
	var g lifecycle.Group
	s := New(options(t, newHome(t)))
	g.Add(s)
	require.NoError(t, g.Start(t.Context()))
	write(t, s.DSN(), "x")
	g.Stop()
	<-s.Done()
}

func TestStopWithoutStart(t *testing.T) {
	t.Parallel()
	s := New(Options{Home: filepath.Join(t.TempDir(), "home")})
	s.Stop()
	s.Stop()
	require.Error(t, s.Start(t.Context()))
	require.NoDirExists(t, s.opt.Home)
}

func TestHomeInUse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := startHelper(t, dir, 0)
	_, err := Start(t.Context(), options(t, h.home))
	require.ErrorContains(t, err, "is in use by process "+strconv.Itoa(h.cmd.Process.Pid))
	write(t, h.dsn, "undisturbed")
}

func TestHomesSideBySide(t *testing.T) {
	t.Parallel()
	a, b := start(t, newHome(t)), start(t, newHome(t))
	write(t, a.DSN(), "a")
	write(t, b.DSN(), "b")
	a.Stop()
	require.Equal(t, "b", saved(t, b.DSN()))
}

func TestOddPaths(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"spaces and quotes": `it's "my" home\ %20 $HOME ñ`,
		"comma":             "one, two",
		"deep":              strings.Repeat("a-directory-with-a-long-name/", 12),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), path)
			s := start(t, home)
			write(t, s.DSN(), "kept")
			dsn, ok := Running(home)
			require.True(t, ok)
			require.Equal(t, "kept", saved(t, dsn))
			s.Stop()
			s = start(t, home)
			require.Equal(t, "kept", saved(t, s.DSN()))
		})
	}
}

// Nobody but us can enter the parent directory. If we are root, that keeps out
// the user as whom Postgres runs.
func TestUnreachableParent(t *testing.T) {
	t.Parallel()
	parent := filepath.Join(t.TempDir(), "private")
	require.NoError(t, os.Mkdir(parent, 0o700))
	home := filepath.Join(parent, "home")
	s := start(t, home)
	write(t, s.DSN(), "kept")
	require.NoError(t, syscall.Kill(s.PID(), syscall.SIGHUP)) // reads its configuration again
	require.Equal(t, "kept", saved(t, s.DSN()))
	s.Stop()

	moved := filepath.Join(parent, "moved") // everything is inside
	require.NoError(t, os.Rename(home, moved))
	s = start(t, moved)
	require.Equal(t, "kept", saved(t, s.DSN()))
}

func TestStartCancelled(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	for _, after := range []time.Duration{0, 20, 100, 300, 450, 500, 550, 600} {
		ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
		s, err := Start(ctx, options(t, home))
		cancel()
		if err == nil { // this machine is quick
			s.Stop()
		} else {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		requireNothingRuns(t, home)
	}
	s := start(t, home)
	write(t, s.DSN(), "x")
	require.Empty(t, unfinishedBelow(t, home))
}

func TestStopDuringStart(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	s := New(options(t, home))
	result := make(chan error, 1)
	go func() { result <- s.Start(t.Context()) }()
	eventually(t, "initdb begins", func() bool { return len(unfinishedBelow(t, home)) > 0 })
	s.Stop()
	require.ErrorIs(t, <-result, context.Canceled)
	requireNothingRuns(t, home)
}

func TestStartFails(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	o := options(t, home)
	o.Settings = map[string]string{"fsync": "off", "max_connections": "many"}
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, `FATAL:  invalid value for parameter "max_connections": "many"`)
	requireNothingRuns(t, home)

	o.BinDir = t.TempDir()
	_, err = Start(t.Context(), o)
	require.ErrorContains(t, err, "has no program initdb")

	write(t, start(t, home).DSN(), "it is not locked")
}

func TestForeignData(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"13\n":     "was made by Postgres 13, but ",
		"":         "is damaged or no Postgres data directory",
		"\x00\xff": "is damaged or no Postgres data directory",
	} {
		home := t.TempDir()
		data := filepath.Join(home, subDir, dataName)
		require.NoError(t, os.MkdirAll(data, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte(content), 0o600))
		_, err := Start(t.Context(), options(t, home))
		require.ErrorContains(t, err, want)
		kept, err := os.ReadFile(filepath.Join(data, "PG_VERSION"))
		require.NoError(t, err)
		require.Equal(t, content, string(kept))
	}
}

func TestUnusableHome(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Start(t.Context(), options(t, filepath.Join(file, "home")))
	require.ErrorContains(t, err, "home directory")
	require.True(t, errors.Is(err, syscall.ENOTDIR))
}

// unfinishedBelow lists the data directories that initdb is making, or left.
func unfinishedBelow(t *testing.T, home string) []string {
	found, err := filepath.Glob(filepath.Join(home, subDir, unfinished+"*"))
	require.NoError(t, err)
	return found
}
