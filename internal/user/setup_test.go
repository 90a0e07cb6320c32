package user_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/postgres/pgtest"
	"son1k/internal/user"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const password = "correct horse battery"

// cheap is a password cost that keeps tests fast.
var cheap = user.PasswordCost{MemoryKiB: 64, Passes: 1, Lanes: 1}

type fixture struct {
	*user.Service
	pool   *pgxpool.Pool
	tokens *auth.Tokens
}

// setup returns a service with local accounts on a database of its own.
func setup(t *testing.T) fixture {
	t.Helper()
	return setupWith(t, user.Options{LocalAccounts: true, PasswordCost: cheap})
}

func setupWith(t *testing.T, opts user.Options) fixture {
	t.Helper()
	tokens, err := auth.NewTokens([]byte("a secret for tests of 32 bytes or more"))
	require.NoError(t, err)
	pool := pgtest.New(t)
	return fixture{user.New(pool, tokens, opts), pool, tokens}
}

// with is another process on the same database, with other options.
func (f fixture) with(opts user.Options) *user.Service {
	return user.New(f.pool, f.tokens, opts)
}

func (f fixture) register(t *testing.T, name string) user.Session {
	t.Helper()
	s, err := f.Register(t.Context(), user.RegisterParams{
		Email: name + "@example.com", Username: name, Password: password,
	})
	require.NoError(t, err)
	return s
}

// exec changes the database behind the service's back; some row must change.
func (f fixture) exec(t *testing.T, sql string, args ...any) {
	t.Helper()
	tag, err := f.pool.Exec(t.Context(), sql, args...)
	require.NoError(t, err)
	require.NotZero(t, tag.RowsAffected(), sql)
}

func (f fixture) count(t *testing.T, table string) int {
	t.Helper()
	var n int
	require.NoError(t, f.pool.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n))
	return n
}

func requireCode(t *testing.T, err error, kind apperr.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	var e *apperr.Error
	require.True(t, errors.As(err, &e), "%v", err)
	require.Equal(t, code, e.Code)
	require.Equal(t, kind, e.Kind)
}

// together calls fn n times at once and returns the results and errors.
func together[T any](t *testing.T, n int, fn func(ctx context.Context) (T, error)) ([]T, []error) {
	t.Helper()
	results, errs := make([]T, n), make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			results[i], errs[i] = fn(t.Context())
		})
	}
	close(start)
	wg.Wait()
	return results, errs
}

func ptr[T any](v T) *T { return &v }
