package pgtest_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// What a killed run has left is removed; what is in use, or new, or not ours is
// not.
func TestSweep(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for name, age := range map[string]time.Duration{
		"son1k-pgtest-left":   time.Hour,
		"son1k-pgtest-in-use": time.Hour,
		"son1k-pgtest-new":    0,
		"something-else":      time.Hour,
	} {
		dir := filepath.Join(base, name)
		require.NoError(t, os.Mkdir(dir, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "lock"), nil, 0o600))
		then := time.Now().Add(-age)
		require.NoError(t, os.Chtimes(dir, then, then))
	}
	lock, err := os.Open(filepath.Join(base, "son1k-pgtest-in-use", "lock"))
	require.NoError(t, err)
	defer lock.Close()
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))

	pgtest.Sweep(base)
	left, err := filepath.Glob(filepath.Join(base, "*"))
	require.NoError(t, err)
	require.Equal(t, []string{
		filepath.Join(base, "something-else"),
		filepath.Join(base, "son1k-pgtest-in-use"),
		filepath.Join(base, "son1k-pgtest-new"),
	}, left)
}
