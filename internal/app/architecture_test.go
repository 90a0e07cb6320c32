package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// layers says which of our packages each package may import. A dependency
// points down this table, never up and never sideways between domains. A
// package below a listed one (provider/synth) follows the same rule and may
// import the listed one.
var layers = []struct { //nolint:gochecknoglobals // a constant table
	pkg     string
	imports []string
}{
	{"cmd/son1k", []string{"internal/app", "internal/config", "internal/postgres", "internal/queue/admin"}},
	{"internal/app", []string{"*"}},
	{"internal/httpapi", []string{"internal/generation", "internal/room", "internal/user", "internal/realtime", "internal/auth", "internal/web", "internal/apperr"}},
	{"internal/realtime", []string{"internal/events", "internal/presence", "internal/notify", "internal/lifecycle", "internal/auth", "internal/apperr"}},
	{"internal/web", nil},
	{"internal/ops", nil},
	// Domains: one use-case area each.
	{"internal/generation", []string{"internal/queries", "internal/queue", "internal/events", "internal/asset", "internal/provider", "internal/apperr"}},
	{"internal/room", []string{"internal/queries", "internal/events", "internal/apperr"}},
	{"internal/user", []string{"internal/queries", "internal/auth", "internal/apperr"}},
	{"internal/provider", []string{"internal/apperr"}},
	// Mechanisms: engines that know nothing of music.
	{"internal/queue", []string{"internal/queries", "internal/notify", "internal/lifecycle"}},
	{"internal/events", []string{"internal/queries", "internal/notify", "internal/lifecycle"}},
	{"internal/presence", []string{"internal/queries", "internal/lifecycle"}},
	{"internal/asset", []string{"internal/queries"}},
	{"internal/notify", []string{"internal/lifecycle"}},
	{"internal/auth", []string{"internal/apperr"}},
	{"internal/queries", nil},
	{"internal/postgres", []string{"db", "internal/lifecycle"}},
	{"internal/lifecycle", nil},
	{"internal/apperr", nil},
	{"internal/config", nil},
	{"db", nil},
}

// The architecture in README.md is the one in the code.
func TestImportsFollowTheArchitecture(t *testing.T) {
	t.Parallel()
	for pkg, imports := range ourImports(t) {
		i := slices.IndexFunc(layers, func(l struct {
			pkg     string
			imports []string
		}) bool {
			return pkg == l.pkg || strings.HasPrefix(pkg, l.pkg+"/")
		})
		require.NotEqual(t, -1, i, "package %s is in no layer: add it to the table here and in README.md", pkg)
		for _, imported := range imports {
			if strings.HasPrefix(imported, layers[i].pkg) || slices.Equal(layers[i].imports, []string{"*"}) {
				continue
			}
			require.True(t, slices.ContainsFunc(layers[i].imports, func(allowed string) bool {
				return imported == allowed
			}), "%s must not import %s", pkg, imported)
		}
	}
}

// ourImports lists the imports among our packages, without those of tests.
func ourImports(t *testing.T) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "son1k/...").Output()
	require.NoError(t, err)
	found := make(map[string][]string)
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		var ours []string
		for _, imported := range p.Imports {
			if rest, ok := strings.CutPrefix(imported, "son1k/"); ok {
				ours = append(ours, rest)
			}
		}
		found[strings.TrimPrefix(p.ImportPath, "son1k/")] = ours
	}
	require.Contains(t, found, "internal/app")
	return found
}
