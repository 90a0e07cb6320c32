package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres"
	"son1k/internal/postgres/pgtest"
)

func TestUnavailable(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]bool{
		&pgconn.PgError{Code: "53100"}:                            true, // disk full
		&pgconn.PgError{Code: "57P01"}:                            true, // admin shutdown
		&pgconn.PgError{Code: "25006"}:                            true, // read only
		&pgconn.PgError{Code: "57014"}:                            false,
		&pgconn.PgError{Code: "23505"}:                            false, // unique violation
		fmt.Errorf("query: %w", io.ErrUnexpectedEOF):              true,
		errors.New("something else"):                              false,
		pgx.ErrNoRows:                                             false,
		context.Canceled:                                          false,
		fmt.Errorf("wrapped: %w", &pgconn.ConnectError{}):         true,
		fmt.Errorf("wrapped: %w", &pgconn.PgError{Code: "42P01"}): false, // undefined table
	} {
		require.Equal(t, want, postgres.Unavailable(err), "%#v", err)
	}
}

// A server that has been stopped is unavailable, whether we were connected or
// have to connect.
func TestStoppedServerIsUnavailable(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	conn, err := pgx.Connect(t.Context(), server.DSN())
	require.NoError(t, err)
	server.Stop()
	_, err = conn.Exec(t.Context(), "SELECT 1")
	require.True(t, postgres.Unavailable(err), "%v", err)
	_, err = pgx.Connect(t.Context(), server.DSN())
	require.True(t, postgres.Unavailable(err), "%v", err)
}
