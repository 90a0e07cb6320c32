package user_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/user"
)

func (f fixture) refresh(t *testing.T, token string) string {
	t.Helper()
	s, err := f.Refresh(t.Context(), token)
	require.NoError(t, err)
	return s.RefreshToken
}

func (f fixture) requireEnded(t *testing.T, token string) {
	t.Helper()
	_, err := f.Refresh(t.Context(), token)
	requireCode(t, err, apperr.Unauthenticated, user.CodeSessionInvalid)
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := f.register(t, "ada")
	second, err := f.Refresh(t.Context(), first.RefreshToken)
	require.NoError(t, err)
	require.NotEqual(t, first.RefreshToken, second.RefreshToken)
	require.Equal(t, first.User, second.User)
	p, err := f.Authenticate(t.Context(), second.AccessToken)
	require.NoError(t, err)
	require.Equal(t, first.User.ID, p.UserID)
	require.Equal(t, 1, f.count(t, "sessions"))
}

func TestRefreshSlides(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := f.register(t, "ada").RefreshToken
	f.exec(t, "UPDATE sessions SET expires_at = now() + interval '1 day'")
	f.refresh(t, token)
	var left time.Duration
	require.NoError(t, f.pool.QueryRow(t.Context(), "SELECT expires_at - now() FROM sessions").Scan(&left))
	require.InDelta(t, 30*24*time.Hour, left, float64(time.Minute))
}

func TestRefreshExpired(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := f.register(t, "ada").RefreshToken
	next := f.refresh(t, token)
	f.exec(t, "UPDATE sessions SET expires_at = now()")
	f.requireEnded(t, next)
	f.requireEnded(t, token) // although its ten seconds are not over
}

func TestRefreshGarbage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	family, turn, _ := strings.Cut(s.RefreshToken, ".")
	other := f.register(t, "bob").RefreshToken
	for _, token := range []string{
		"", ".", "garbage", family, family + ".", "." + turn, s.RefreshToken + "\n", s.RefreshToken + "A",
		s.AccessToken, strings.Repeat("x", 1<<20), "\xff", turn + "." + family,
	} {
		f.requireEnded(t, token)
	}
	unknown, _ := auth.NewSecret(auth.RefreshSecret)
	f.requireEnded(t, unknown+"."+turn)
	f.refresh(t, s.RefreshToken) // none of it has ended the session
	f.refresh(t, other)
}

// TestRefreshRepeated: a client that lost the answer asks again.
func TestRefreshRepeated(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := f.register(t, "ada").RefreshToken
	second := f.refresh(t, first)
	f.exec(t, "UPDATE sessions SET refreshed_at = refreshed_at - interval '9 seconds'")
	require.Equal(t, second, f.refresh(t, first))
	require.NotEqual(t, second, f.refresh(t, second))
}

// TestRefreshRace holds the session's row until two requests meet at it.
func TestRefreshRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	first := f.register(t, "ada").RefreshToken
	release := f.lockSessions(t)
	var released error
	var wg sync.WaitGroup
	wg.Go(func() { released = release(2) })
	sessions, errs := together(t, 20, func(ctx context.Context) (user.Session, error) {
		return f.Refresh(ctx, first)
	})
	wg.Wait()
	require.NoError(t, released)
	for i := range sessions {
		require.NoError(t, errs[i])
		require.Equal(t, sessions[0].RefreshToken, sessions[i].RefreshToken)
	}
	require.Equal(t, 1, f.count(t, "sessions"))
	f.refresh(t, sessions[0].RefreshToken)
}

// lockSessions locks all sessions until release sees n statements wait.
func (f fixture) lockSessions(t *testing.T) (release func(n int) error) {
	t.Helper()
	watch, err := f.pool.Acquire(t.Context()) // before others take all connections
	require.NoError(t, err)
	tx, err := f.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "SELECT FROM sessions FOR UPDATE")
	require.NoError(t, err)
	return func(n int) error {
		defer watch.Release()
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var err error
		for waiting := 0; waiting < n && err == nil; {
			err = watch.QueryRow(ctx, `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		}
		return errors.Join(err, tx.Rollback(t.Context()))
	}
}

func TestStolenTokenEndsTheSession(t *testing.T) {
	t.Parallel()
	f := setup(t)
	stolen := f.register(t, "ada").RefreshToken
	current := f.refresh(t, stolen)
	f.exec(t, "UPDATE sessions SET refreshed_at = refreshed_at - interval '10 seconds'")
	f.requireEnded(t, stolen)
	f.requireEnded(t, current)
	require.Zero(t, f.count(t, "sessions"))
}

// TestThiefCannotOutrun: exchanging twice does not hide the theft.
func TestThiefCannotOutrun(t *testing.T) {
	t.Parallel()
	f := setup(t)
	owners := f.register(t, "ada").RefreshToken
	thiefs := f.refresh(t, f.refresh(t, f.refresh(t, owners)))
	f.requireEnded(t, owners)
	f.requireEnded(t, thiefs)
}

func TestForgedSecondHalfEndsTheSession(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	family, _, _ := strings.Cut(s.RefreshToken, ".")
	f.requireEnded(t, family+"."+strings.Repeat("A", 43))
	f.requireEnded(t, s.RefreshToken)
}

func TestStolenSessionOnlyEndsItself(t *testing.T) {
	t.Parallel()
	f := setup(t)
	stolen := f.register(t, "ada").RefreshToken
	other, err := f.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
	require.NoError(t, err)
	f.refresh(t, f.refresh(t, stolen))
	f.requireEnded(t, stolen)
	f.refresh(t, other.RefreshToken)
}

// TestNewSigningSecret: sessions survive a change of JWT_SECRET.
func TestNewSigningSecret(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := f.refresh(t, f.register(t, "ada").RefreshToken)
	tokens, err := auth.NewTokens([]byte("another secret for tests of 32 bytes"))
	require.NoError(t, err)
	later := user.New(f.pool, tokens, user.Options{LocalAccounts: true, PasswordCost: cheap})
	s, err := later.Refresh(t.Context(), token)
	require.NoError(t, err)
	_, err = later.Authenticate(t.Context(), s.AccessToken)
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), s.AccessToken)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
}

func TestLogout(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token := f.register(t, "ada").RefreshToken
	next := f.refresh(t, token)
	for _, tok := range []string{next, next, token, "", "garbage", "\xff"} {
		require.NoError(t, f.Logout(t.Context(), tok))
	}
	f.requireEnded(t, next)
}
