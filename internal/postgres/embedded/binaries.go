package embedded

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// minVersion is the oldest major version of Postgres that son1k works with.
const minVersion = 15

const installHint = "install it (Debian, Ubuntu: apt-get install postgresql; macOS: brew install postgresql@17), " +
	"or set PGBIN to the directory of its programs initdb and postgres, or DATABASE_URL to a server that runs already"

// binaries is a directory with initdb and postgres.
type binaries struct {
	dir     string
	version int // major
}

func (b binaries) tool(name string) string { return filepath.Join(b.dir, name) }

// FindBinaries finds the directory of the programs initdb and postgres, and
// their major version. A directory that is named, by explicit or else by the
// environment variable PGBIN, is the only one looked at. Otherwise the first in
// PATH counts, else the newest of those that package managers install. The
// error says what to do.
func FindBinaries(explicit string) (dir string, version int, err error) {
	b, err := chooseBinaries(os.Getenv, explicit, 0)
	return b.dir, b.version, err
}

// chooseBinaries is FindBinaries for a cluster of the major version want; zero
// takes any. If there is a choice, the version that fits is taken.
func chooseBinaries(getenv func(string) string, explicit string, want int) (binaries, error) {
	if explicit == "" {
		explicit = getenv("PGBIN")
	}
	if explicit != "" {
		b, err := inspect(explicit)
		if err == nil && b.version < minVersion {
			err = fmt.Errorf("the Postgres in %s has version %d; at least %d is needed", explicit, b.version, minVersion)
		}
		return b, err
	}
	found := append(usable(filepath.SplitList(getenv("PATH"))), installed()...)
	if len(found) == 0 {
		return binaries{}, fmt.Errorf("found no Postgres server of version %d or newer; %s", minVersion, installHint)
	}
	for _, b := range found {
		if b.version == want {
			return b, nil
		}
	}
	return found[0], nil
}

// installed lists what package managers have installed, the newest first.
func installed() []binaries {
	var dirs []string
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                          // Debian
		"/usr/pgsql-*/bin",                                   // RHEL, from postgresql.org
		"/usr/local/pgsql/bin",                               // from source
		"/usr/libexec/postgresql*",                           // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",                 // macOS
		"/usr/local/opt/postgresql@*/bin",                    // macOS on Intel
		"/Applications/Postgres.app/Contents/Versions/*/bin", // macOS
	} {
		match, _ := filepath.Glob(pattern) // only a bad pattern fails
		dirs = append(dirs, match...)
	}
	found := usable(dirs)
	slices.SortStableFunc(found, func(a, b binaries) int { return cmp.Compare(b.version, a.version) })
	return found
}

// usable keeps the directories with a Postgres that is new enough.
func usable(dirs []string) []binaries {
	var found []binaries
	for _, dir := range dirs {
		if !filepath.IsAbs(dir) {
			continue
		}
		if b, err := inspect(dir); err == nil && b.version >= minVersion {
			found = append(found, b)
		}
	}
	return found
}

// inspect asks the programs in dir for their version.
func inspect(dir string) (binaries, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return binaries{}, fmt.Errorf("directory of Postgres: %w", err)
	}
	for _, name := range []string{"initdb", "postgres"} {
		if _, err := exec.LookPath(filepath.Join(dir, name)); err != nil {
			return binaries{}, fmt.Errorf("%s has no program %s (a Postgres client alone is not enough); %s", dir, name, installHint)
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("run postgres --version in %s: %w", dir, err)
	}
	version, err := parseVersion(string(out))
	if err != nil {
		return binaries{}, fmt.Errorf("postgres --version in %s: %w", dir, err)
	}
	return binaries{dir: dir, version: version}, nil
}

var versionPattern = regexp.MustCompile(`^postgres \(PostgreSQL\) (\d+)`)

// parseVersion reads "postgres (PostgreSQL) 17.2 (Debian 17.2-1)".
func parseVersion(out string) (int, error) {
	m := versionPattern.FindStringSubmatch(strings.TrimSpace(out))
	if m == nil {
		return 0, errors.New("unknown answer " + strconv.Quote(out))
	}
	return strconv.Atoi(m[1])
}
