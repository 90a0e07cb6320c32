package realtime_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/asyncapitest"
)

// spoken are the types that the code writes down.
type spoken struct {
	requests, frames, codes map[string]bool
}

// No message and no error code in the code is missing in the document, and none
// in the document is missing in the code.
func TestAsyncAPIDocumentIsComplete(t *testing.T) {
	t.Parallel()
	document, err := asyncapitest.Parse(asyncAPI())
	require.NoError(t, err)
	code := spoken{make(map[string]bool), make(map[string]bool), make(map[string]bool)}
	for _, dir := range []string{".", "../generation", "../room"} {
		code.read(t, dir)
	}
	clients, err := document.ClientTypes()
	require.NoError(t, err)
	delete(code.requests, "subscribe:cover") // Socket.IO only
	require.Equal(t, slices.Sorted(maps.Keys(code.requests)), clients)
	code.frames["system_notification"] = true // son1k announce sends it
	require.Equal(t, slices.Sorted(maps.Keys(code.frames)), document.ServerTypes())
	known := document.ErrorCodes()
	for name := range code.codes {
		require.Contains(t, known, name)
	}
}

// read takes note of what the files of a package say.
func (s spoken) read(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(tree, func(n ast.Node) bool { s.note(n, dir == "."); return true })
	}
}

// note looks at a piece of code. The names are conventions of these packages:
// requests are the cases of a switch over req.Type; types of events are named
// event…, typ or roomNotification where they are not arguments.
func (s spoken) note(n ast.Node, here bool) {
	switch n := n.(type) {
	case *ast.SwitchStmt:
		if isSelector(n.Tag, "req", "Type") {
			for _, clause := range n.Body.List {
				add(s.requests, clause.(*ast.CaseClause).List...)
			}
		}
	case *ast.ValueSpec:
		for i, name := range n.Names {
			if strings.HasPrefix(name.Name, "event") || name.Name == "roomNotification" {
				add(s.frames, n.Values[i:]...)
			}
		}
	case *ast.AssignStmt:
		if id, ok := n.Lhs[0].(*ast.Ident); ok && here && id.Name == "typ" {
			add(s.frames, n.Rhs...)
		}
	case *ast.KeyValueExpr:
		if id, ok := n.Key.(*ast.Ident); ok && here && id.Name == "Type" {
			add(s.frames, n.Value)
		}
	case *ast.CallExpr:
		s.noteCall(n, here)
	}
}

func (s spoken) noteCall(call *ast.CallExpr, here bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	position, ok := map[string]int{"answer": 0, "say": 0, "tell": 1, "Ephemeral": 2, "tellRoom": 3}[name]
	if ok && here && position < len(call.Args) {
		add(s.frames, call.Args[position])
	}
	position, ok = map[string]int{"New": 1, "Wrap": 2}[name]
	if ok && here && position < len(call.Args) {
		add(s.codes, call.Args[position])
	}
}

// add notes those of the expressions that are texts.
func add(to map[string]bool, exprs ...ast.Expr) {
	for _, e := range exprs {
		if lit, ok := e.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				to[text] = true
			}
		}
	}
}

func isSelector(e ast.Expr, of, name string) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != name {
		return false
	}
	id, ok := sel.X.(*ast.Ident)
	return ok && id.Name == of
}
