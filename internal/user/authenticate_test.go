package user_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/user"
)

// clock is a time that tests move.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

func setupClock(t *testing.T) (fixture, *clock) {
	c := new(clock)
	return setupWith(t, user.Options{LocalAccounts: true, PasswordCost: cheap, Now: c.now}), c
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	p, err := f.Authenticate(t.Context(), s.AccessToken)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(time.Hour), p.ExpiresAt, time.Minute)
	require.Equal(t, auth.Principal{UserID: s.User.ID, Username: "ada", Tier: "FREE", ExpiresAt: p.ExpiresAt}, p)
}

func TestAuthenticateRefuses(t *testing.T) {
	t.Parallel()
	f, clock := setupClock(t)
	s := f.register(t, "ada")
	_, err := f.Authenticate(t.Context(), "")
	requireCode(t, err, apperr.Unauthenticated, auth.CodeRequired)
	_, err = f.Authenticate(t.Context(), "dev-token")
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
	_, err = f.Authenticate(t.Context(), s.RefreshToken)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
	clock.advance(time.Hour + 2*auth.Leeway)
	_, err = f.Authenticate(t.Context(), s.AccessToken)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeExpired)
}

// TestRightsComeFromTheDatabase: a change counts once the cache is too old.
func TestRightsComeFromTheDatabase(t *testing.T) {
	t.Parallel()
	f, clock := setupClock(t)
	token := f.register(t, "ada").AccessToken
	_, err := f.Authenticate(t.Context(), token)
	require.NoError(t, err)
	f.exec(t, "UPDATE users SET tier = 'ENTERPRISE', is_admin = true")
	clock.advance(3 * time.Second)
	p, err := f.Authenticate(t.Context(), token)
	require.NoError(t, err)
	require.Equal(t, "ENTERPRISE", p.Tier)
	require.True(t, p.Admin)
}

func TestDeletedUser(t *testing.T) {
	t.Parallel()
	f, clock := setupClock(t)
	s := f.register(t, "ada")
	_, err := f.Authenticate(t.Context(), s.AccessToken)
	require.NoError(t, err)
	f.exec(t, "DELETE FROM users")
	clock.advance(3 * time.Second)
	_, err = f.Authenticate(t.Context(), s.AccessToken)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
	f.requireEnded(t, s.RefreshToken)
}

func TestTokenOfUnknownUser(t *testing.T) {
	t.Parallel()
	f := setup(t)
	token, err := f.tokens.Issue(uuid.New(), time.Hour, time.Now())
	require.NoError(t, err)
	_, err = f.Authenticate(t.Context(), token)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
	_, err = f.Principal(t.Context(), uuid.New())
	requireCode(t, err, apperr.NotFound, user.CodeUserNotFound)
}

func TestAuthenticateTogether(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	principals, errs := together(t, 50, func(ctx context.Context) (auth.Principal, error) {
		return f.Authenticate(ctx, s.AccessToken)
	})
	for i := range errs {
		require.NoError(t, errs[i])
		require.Equal(t, s.User.ID, principals[i].UserID)
	}
}
