package dba_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// Every object of the schema says what it is, in a sentence. Of partitions made
// as time goes by, only the table they belong to does.
func TestEverythingIsCommented(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const relations = `
		SELECT c.oid, c.relname, c.relkind FROM pg_class c
		WHERE c.relnamespace = 'queue'::regnamespace AND c.relname !~ '_\d{8}_\d{4}$'`
	for what, sql := range map[string]string{
		"tables, views and sequences": `
			SELECT c.relname::text FROM (` + relations + `) c
			WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND coalesce(obj_description(c.oid, 'pg_class'), '') NOT LIKE '%.'`,
		"columns": `
			SELECT c.relname || '.' || a.attname FROM (` + relations + `) c
			JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
			WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c') AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid)
			  AND coalesce(col_description(c.oid, a.attnum), '') NOT LIKE '%.'`,
		"functions": `
			SELECT p.oid::regprocedure::text FROM pg_proc p
			WHERE p.pronamespace = 'queue'::regnamespace AND coalesce(obj_description(p.oid, 'pg_proc'), '') NOT LIKE '%.'`,
		"types": `
			SELECT t.typname::text FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
			WHERE t.typnamespace = 'queue'::regnamespace AND (t.typtype IN ('e', 'd', 'r') OR c.relkind = 'c')
			  AND coalesce(obj_description(t.oid, 'pg_type'), '') NOT LIKE '%.'`,
		"the schema": `
			SELECT n.nspname::text FROM pg_namespace n
			WHERE n.nspname = 'queue' AND coalesce(obj_description(n.oid, 'pg_namespace'), '') NOT LIKE '%.'`,
	} {
		require.Empty(t, all[string](t, pool, sql), "%s without a comment that ends with a full stop", what)
	}
	require.Greater(t, one[int](t, pool, `
		SELECT count(*) FROM (`+relations+`) c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c')`), 200, "the query sees columns")
}
