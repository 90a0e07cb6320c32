package embedded

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeBinaries makes programs that say they are of the given version.
func fakeBinaries(t *testing.T, version string) string {
	t.Helper()
	dir := t.TempDir()
	script := "#!/bin/sh\necho '" + version + "'\n"
	for _, name := range []string{"initdb", "postgres"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755))
	}
	return dir
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for out, want := range map[string]int{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 18beta1\n":                        18,
		"postgres (PostgreSQL) 9.6.24":                           9,
		"postgres (EnterpriseDB) 17.2":                           0,
		"":                                                       0,
	} {
		got, err := parseVersion(out)
		require.Equal(t, want, got, out)
		require.Equal(t, want == 0, err != nil, out)
	}
}

func TestChooseBinaries(t *testing.T) {
	t.Parallel()
	v14 := fakeBinaries(t, "postgres (PostgreSQL) 14.9")
	v16 := fakeBinaries(t, "postgres (PostgreSQL) 16.1")
	v17 := fakeBinaries(t, "postgres (PostgreSQL) 17.0")
	path := "relative:" + filepath.Join(v14, "missing") + ":" + v14 + ":" + v16 + ":" + v17
	for name, c := range map[string]struct {
		explicit, pgbin string
		want            int
		dir             string
		err             string
	}{
		"first in PATH":    {dir: v16},
		"fits the data":    {want: 17, dir: v17},
		"nothing fits":     {want: 99, dir: v16},
		"PGBIN":            {pgbin: v17, want: 16, dir: v17},
		"explicit":         {explicit: v16, pgbin: v17, dir: v16},
		"PGBIN too old":    {pgbin: v14, err: "has version 14; at least 15 is needed"},
		"PGBIN of nothing": {pgbin: t.TempDir(), err: "has no program initdb"},
		"broken":           {explicit: fakeBinaries(t, "what?"), err: "unknown answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			getenv := func(name string) string { return map[string]string{"PGBIN": c.pgbin, "PATH": path}[name] }
			got, err := chooseBinaries(getenv, c.explicit, c.want)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.dir, got.dir)
		})
	}
}

func TestFindBinaries(t *testing.T) {
	t.Parallel()
	dir, version, err := FindBinaries("")
	require.NoError(t, err)
	require.GreaterOrEqual(t, version, minVersion)
	again, _, err := FindBinaries(dir)
	require.NoError(t, err)
	require.Equal(t, dir, again)
}
