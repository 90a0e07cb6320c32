package user

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

// TestConstraintsExist compares the constants with the live schema.
func TestConstraintsExist(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	for _, name := range []string{uniqueEmail, uniqueUsername, tierExists, sessionsUser, ticketsUser} {
		var exists bool
		require.NoError(t, pool.QueryRow(t.Context(), `
			SELECT EXISTS (SELECT FROM pg_constraint WHERE conname = $1)
			    OR EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = $1 AND i.indisunique)`,
			name).Scan(&exists))
		require.True(t, exists, name)
	}
}
