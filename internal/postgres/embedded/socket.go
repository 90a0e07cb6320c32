package embedded

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	// sunPathMax is what every system allows in a socket's path: macOS has 104
	// bytes with the final zero, Linux 108 (unix(4), unix(7)).
	sunPathMax = 103
	port       = "5432" // only names the socket; there is no TCP
	database   = "son1k"
	superuser  = "postgres"
)

// socketPath is the directory through which clients reach the socket: the real
// one, or a short alias of it.
type socketPath struct {
	dir   string // what clients use
	real  string
	alias string // private directory that holds the symlink dir; empty if dir is real
}

// file is the path of the socket itself.
func (s *socketPath) file() string { return socketFile(s.dir) }

func socketFile(dir string) string { return filepath.Join(dir, ".s.PGSQL."+port) }

// newSocketPath returns a path to the directory real that clients can use. One
// with a comma needs an alias as well, since clients take it for a list.
func newSocketPath(real string) (*socketPath, error) {
	if len(socketFile(real)) <= sunPathMax && !strings.Contains(real, ",") {
		return &socketPath{dir: real, real: real}, nil
	}
	sum := sha256.Sum256([]byte(real))
	name := fmt.Sprintf("son1k-%d-%s", os.Geteuid(), hex.EncodeToString(sum[:8]))
	for _, base := range []string{os.TempDir(), "/tmp"} {
		s := &socketPath{real: real, alias: filepath.Join(base, name)}
		s.dir = filepath.Join(s.alias, "s")
		if len(s.file()) > sunPathMax || strings.Contains(base, ",") {
			continue
		}
		return s, s.ensure()
	}
	return nil, fmt.Errorf("no path to the socket in %s is short enough; set TMPDIR to a short one", real)
}

// ensure makes the alias, again if a cleaner of temporary files took it away.
func (s *socketPath) ensure() error {
	if s.alias == "" {
		return nil
	}
	if err := privateDir(s.alias); err != nil {
		return err
	}
	if target, err := os.Readlink(s.dir); err == nil && target == s.real {
		return nil
	}
	if err := os.Remove(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("socket alias: %w", err)
	}
	if err := os.Symlink(s.real, s.dir); err != nil {
		return fmt.Errorf("socket alias: %w", err)
	}
	return nil
}

func (s *socketPath) close() {
	if s.alias != "" {
		os.Remove(s.dir)
		os.Remove(s.alias)
	}
}

// privateDir makes a directory that only this user can enter. The temporary
// directory is open to everybody, who could have made it first to listen in.
func privateDir(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("socket alias: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("socket alias: %w", err)
	}
	uid, _ := ownerOf(info)
	if !info.IsDir() || uid != os.Geteuid() || info.Mode().Perm() != 0o700 {
		return fmt.Errorf("%s is not a private directory of this user (%s, owner %d): refusing to use it; "+
			"remove it or set TMPDIR to another directory", dir, info.Mode(), uid)
	}
	return nil
}

// dsn connects to the database through a socket directory. Everything that a
// PG… variable of the environment could change is said.
func dsn(s *socketPath) string { return dsnOf(s, database) }

func dsnOf(s *socketPath, db string) string {
	q := url.Values{"host": {s.dir}, "port": {port}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + url.PathEscape(db) + "?" + q.Encode()
}
