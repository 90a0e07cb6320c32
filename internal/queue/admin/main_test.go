package admin_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queue/admin"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T) (*admin.Admin, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t)
	return admin.New(pool), pool
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	_, err := pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err, sql)
}
