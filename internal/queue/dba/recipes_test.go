package dba_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

const (
	cookbook      = "../../../docs/dba.md"
	administrator = "administrator" // in a recipe: whoever may create roles
)

// recipe is one ```sql block of the cookbook.
type recipe struct {
	line       int
	role       string
	statements []statement
}

// statement is a statement and what is expected of it: "N rows", or
// "column=value" for its first row.
type statement struct {
	line   int
	sql    string
	expect []string
}

// parse reads the cookbook. A block without a role, a statement without an end
// and an expectation without a statement are errors.
func parse(t *testing.T, text string) (recipes []recipe) {
	t.Helper()
	var r *recipe
	var sql string
	for i, line := range strings.Split(text, "\n") {
		n := i + 1
		switch {
		case r == nil && line == "```sql":
			r = &recipe{line: n}
		case r == nil:
		case line == "```":
			require.Empty(t, sql, "line %d: the statement before has no end", n)
			require.NotEmpty(t, r.statements, "line %d: no statement", n)
			recipes, r = append(recipes, *r), nil
		case r.role == "":
			role, ok := strings.CutPrefix(line, "-- role: ")
			require.True(t, ok, "line %d: the first line of a recipe names its role", n)
			r.role = role
		case strings.HasPrefix(line, "-- expect: "):
			require.True(t, sql == "" && len(r.statements) > 0, "line %d: expectation of nothing", n)
			last := &r.statements[len(r.statements)-1]
			last.expect = append(last.expect, strings.TrimPrefix(line, "-- expect: "))
		default:
			sql += line + "\n"
			if strings.HasSuffix(line, ";") {
				r.statements, sql = append(r.statements, statement{line: n, sql: sql}), ""
			}
		}
	}
	require.Nil(t, r, "the last block has no end")
	return recipes
}

// Every recipe of docs/dba.md, in turn, as the role that it names.
func TestRecipes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash(cookbook))
	require.NoError(t, err)
	scenario, err := os.ReadFile(filepath.Join("testdata", "scenario.sql"))
	require.NoError(t, err)
	recipes := parse(t, string(text))
	require.Greater(t, len(recipes), 25)

	pool := pgtest.New(t)
	owner := connect(t, pool)
	dropPeople(t, owner) // of a run that was killed
	t.Cleanup(func() { dropPeople(t, owner) })
	_, err = owner.PgConn().Exec(t.Context(), string(scenario)).ReadAll()
	require.NoError(t, err)
	conns := map[string]*pgx.Conn{reader: as(t, pool, reader), operator: as(t, pool, operator), administrator: connect(t, pool)}

	checked := 0
	for _, r := range recipes {
		require.Contains(t, conns, r.role, "line %d", r.line)
		for _, s := range r.statements {
			result := conns[r.role].PgConn().Exec(t.Context(), s.sql)
			rows, err := result.ReadAll()
			require.NoError(t, err, "line %d: %s", s.line, s.sql)
			require.Len(t, rows, 1, "line %d: one statement", s.line)
			for _, want := range s.expect {
				require.Empty(t, mismatch(rows[0], want), "line %d: %s", s.line, s.sql)
				checked++
			}
		}
	}
	require.Greater(t, checked, 50)
}

// mismatch tells in what a result is not as expected.
func mismatch(result *pgconn.Result, want string) string {
	if count, ok := strings.CutSuffix(strings.TrimSuffix(want, "s"), " row"); ok {
		if got := strconv.Itoa(len(result.Rows)); got != count {
			return "expected " + want + ", got " + got
		}
		return ""
	}
	name, value, ok := strings.Cut(want, "=")
	if !ok {
		return "cannot read the expectation " + want
	}
	if len(result.Rows) == 0 {
		return "expected " + want + ", got no row"
	}
	for i, f := range result.FieldDescriptions {
		if f.Name == name {
			if got := string(result.Rows[0][i]); got != value {
				return "expected " + want + ", got " + got
			}
			return ""
		}
	}
	return "expected " + want + ", got no such column"
}

func TestExpectations(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.New(t))
	results, err := conn.PgConn().Exec(t.Context(), "SELECT 1 AS a, NULL AS b UNION ALL SELECT 2, 'x'").ReadAll()
	require.NoError(t, err)
	for want, ok := range map[string]bool{
		"2 rows": true, "1 row": false, "3 rows": false, "a=1": true, "a=2": false, "b=": true, "b=x": false, "c=1": false, "nonsense": false,
	} {
		require.Equal(t, ok, mismatch(results[0], want) == "", want)
	}
}

// The people of the recipes about roles, which are roles of the whole cluster.
func dropPeople(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	_, err := conn.Exec(context.WithoutCancel(t.Context()), "DROP ROLE IF EXISTS anna, monitoring, son1k_service")
	require.NoError(t, err)
}

// The cookbook tells of every view and function that people have.
func TestCookbookIsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.FromSlash(cookbook))
	require.NoError(t, err)
	for _, name := range append(operatorFunctions, everyView(t, pgtest.New(t))...) {
		if name != "draw_seq" {
			require.Contains(t, string(text), "queue."+name)
		}
	}
}
