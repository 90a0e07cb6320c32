package embedded

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

const nobody = 65534

func TestRunAs(t *testing.T) {
	t.Parallel()
	root, alice, bob := account{}, account{uid: 1000, gid: 100}, account{uid: 1001, gid: 100}

	got, err := runAs(alice, alice, "dir")
	require.NoError(t, err)
	require.Equal(t, alice, got)
	require.Nil(t, got.credential())

	got, err = runAs(root, alice, "dir")
	require.NoError(t, err)
	require.Equal(t, &syscall.Credential{Uid: 1000, Gid: 100}, got.credential())

	got, err = runAs(root, root, "dir")
	require.NoError(t, err)
	require.True(t, got.drop)
	require.NotZero(t, got.uid)

	for _, owner := range []account{root, bob} {
		_, err = runAs(alice, owner, "dir")
		require.ErrorContains(t, err, "the data directory dir/data belongs to the user")
	}
}

// All the tests again as an ordinary user, if we are root.
func TestAllAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the others did it
	}
	dir := publicDir(t)
	require.NoError(t, os.Chown(dir, nobody, nobody))
	cmd := exec.Command("/proc/self/exe", "-test.timeout=300s")
	cmd.Env = append(os.Environ(), "TMPDIR="+dir)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// Root's server runs as the user to whom the data belongs, and leaves nothing
// behind that keeps him from going on.
func TestRootAmongOthers(t *testing.T) {
	t.Parallel()
	dir, home := publicDir(t), ""
	for _, user := range users(t, dir) {
		h := startHelper(t, dir, user)
		if home == "" {
			write(t, h.dsn, "kept")
			home = h.home
		}
		require.Equal(t, "kept", saved(t, h.dsn))
		require.NoError(t, h.end(syscall.SIGTERM))
	}
}

// users returns who takes turns with the directory dir, which belongs to the
// first of them: somebody and root, or only ourselves.
func users(t *testing.T, dir string) []int {
	if os.Geteuid() != 0 {
		return []int{0, 0}
	}
	require.NoError(t, os.Chown(dir, nobody, nobody))
	return []int{nobody, 0, nobody}
}

// Data that root has copied or unpacked is given back to a user who may run it.
func TestDataOfRoot(t *testing.T) {
	t.Parallel()
	home := newHome(t)
	s := start(t, home)
	write(t, s.DSN(), "kept")
	s.Stop()
	err := filepath.WalkDir(filepath.Join(home, subDir, dataName), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, os.Geteuid(), os.Getegid())
	})
	require.NoError(t, err)
	s = start(t, home)
	require.Equal(t, "kept", saved(t, s.DSN()))
}

// Somebody else cannot use a home, and is told so.
func TestHomeOfAnother(t *testing.T) {
	t.Parallel()
	dir := publicDir(t)
	s := start(t, filepath.Join(dir, DefaultHome))
	user, want := 0, "is in use by process"
	if os.Geteuid() == 0 {
		user, want = nobody, "permission denied"
	}
	line, err := launchHelper(t, dir, user).out.ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, want)
	write(t, s.DSN(), "undisturbed")
}
