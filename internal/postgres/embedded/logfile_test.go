package embedded

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, root.WriteFile(logName, []byte(strings.Repeat("x", logMax+1)), 0o600))

	l, err := openLog(root, account{})
	require.NoError(t, err)
	defer l.close()
	for _, text := range []string{"LOG:  first\n", strings.Repeat("y", logMax), "FATAL:  disk full\nLOG:  more\nHINT:  buy one\n"} {
		_, err = l.file.WriteString(text)
		require.NoError(t, err)
		require.NoError(t, l.bound())
	}
	content, err := root.ReadFile(logName)
	require.NoError(t, err)
	require.Equal(t, "FATAL:  disk full\nLOG:  more\nHINT:  buy one\n", string(content))
	old, err := root.ReadFile(logName + ".1")
	require.NoError(t, err)
	require.Equal(t, "LOG:  first\n"+strings.Repeat("y", logMax), string(old))
	require.True(t, strings.HasPrefix(l.complaints(), ": FATAL:  disk full; HINT:  buy one ("))
}

// A symlink in the directory does not lead root to other files.
func TestLogIsNoSymlink(t *testing.T) {
	t.Parallel()
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	require.NoError(t, root.Symlink("../elsewhere", logName))
	_, err = openLog(root, account{})
	require.Error(t, err)
}
