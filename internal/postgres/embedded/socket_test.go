package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func deepPath(t *testing.T) string {
	return filepath.Join(t.TempDir(), strings.Repeat("deep/", 30))
}

func TestSocketAlias(t *testing.T) {
	t.Parallel()
	real := deepPath(t)
	s, err := newSocketPath(real)
	require.NoError(t, err)
	require.LessOrEqual(t, len(s.file()), sunPathMax)
	target, err := os.Readlink(s.dir)
	require.NoError(t, err)
	require.Equal(t, real, target)

	again, err := newSocketPath(real)
	require.NoError(t, err, "it is one of ours")
	require.Equal(t, s, again)
	require.NoError(t, os.RemoveAll(s.alias))
	require.NoError(t, s.ensure(), "a cleaner of temporary files came by")
	require.DirExists(t, s.alias)
	s.close()
	require.NoDirExists(t, s.alias)
}

// The temporary directory is everybody's: what others have put there in advance
// is not used.
func TestHostileAlias(t *testing.T) {
	t.Parallel()
	hostile := map[string]func(t *testing.T, path string) error{
		"open to others": func(t *testing.T, path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o777))
		},
		"symlink": func(t *testing.T, path string) error { return os.Symlink(t.TempDir(), path) },
		"file":    func(t *testing.T, path string) error { return os.WriteFile(path, nil, 0o700) },
	}
	if os.Geteuid() == 0 {
		hostile["of another"] = func(t *testing.T, path string) error {
			return errors.Join(os.Mkdir(path, 0o700), os.Chown(path, nobody, nobody))
		}
	}
	for name, prepare := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := deepPath(t)
			s, err := newSocketPath(filepath.Join(home, subDir, socketName))
			require.NoError(t, err)
			s.close()
			require.NoError(t, prepare(t, s.alias))
			defer os.Remove(s.alias)
			_, err = Start(t.Context(), options(t, home))
			require.ErrorContains(t, err, "refusing to use it")
		})
	}
}
