package user_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/user"
)

func TestRegister(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s, err := f.Register(t.Context(), user.RegisterParams{
		Email: " Ada@Example.com ", Username: "Ada.L", Password: password,
	})
	require.NoError(t, err)
	require.Equal(t, 3600, s.ExpiresIn)
	require.WithinDuration(t, time.Now(), s.User.CreatedAt, time.Minute)
	want := user.Profile{
		ID: s.User.ID, Email: ptr("Ada@Example.com"), Username: "Ada.L", Tier: "FREE",
		Limits:   user.Limits{Monthly: user.Usage{Limit: 5}, Daily: user.Usage{Limit: 2}},
		Features: []string{"basic_generation", "community_access"}, MaxDuration: 60, Quality: "standard",
		CreatedAt: s.User.CreatedAt,
	}
	require.Empty(t, cmp.Diff(want, s.User))

	p, err := f.Authenticate(t.Context(), s.AccessToken)
	require.NoError(t, err)
	require.Equal(t, s.User.ID, p.UserID)
}

func TestRegisterStoresNoSecrets(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	var rows string
	require.NoError(t, f.pool.QueryRow(t.Context(),
		`SELECT concat((SELECT json_agg(u) FROM users u), (SELECT json_agg(s) FROM sessions s))`).Scan(&rows))
	require.Contains(t, rows, "$argon2id$v=19$m=64,t=1,p=1$")
	require.NotContains(t, rows, password)
	require.NotContains(t, rows, s.RefreshToken)
}

func TestRegisterReportsEveryInvalidField(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.Register(t.Context(), user.RegisterParams{Email: "nobody", Username: "a b", Password: "short"})
	requireCode(t, err, apperr.Invalid, "VALIDATION_ERROR")
	var fields []string
	for _, field := range apperr.From(err).Fields {
		fields = append(fields, field.Field)
		require.NotEmpty(t, field.Message)
	}
	require.Equal(t, []string{"email", "username", "password"}, fields)
	require.Zero(t, f.count(t, "users"))
}

func TestRegisterTaken(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.register(t, "ada")
	_, err := f.Register(t.Context(), user.RegisterParams{Email: "ADA@EXAMPLE.COM", Username: "other", Password: password})
	requireCode(t, err, apperr.Conflict, user.CodeEmailTaken)
	_, err = f.Register(t.Context(), user.RegisterParams{Email: "other@example.com", Username: "ADA", Password: password})
	requireCode(t, err, apperr.Conflict, user.CodeUsernameTaken)
	require.Equal(t, 1, f.count(t, "users"))
	require.Equal(t, 1, f.count(t, "sessions"))
}

func TestRegisterRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	const n = 50
	names := make(chan string, n)
	for i := range n {
		names <- fmt.Sprintf("user%d", i)
	}
	_, errs := together(t, n, func(ctx context.Context) (user.Session, error) {
		return f.Register(ctx, user.RegisterParams{Email: "one@example.com", Username: <-names, Password: password})
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		requireCode(t, err, apperr.Conflict, user.CodeEmailTaken)
	}
	require.Equal(t, 1, won)
	require.Equal(t, 1, f.count(t, "users"))
	require.Equal(t, 1, f.count(t, "sessions"))
}

func TestLocalAccountsSwitchedOff(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	off := f.with(user.Options{PasswordCost: cheap})

	_, err := off.Register(t.Context(), user.RegisterParams{Email: "b@example.com", Username: "bob", Password: password})
	requireCode(t, err, apperr.Forbidden, user.CodeLocalAuthDisabled)
	_, err = off.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
	requireCode(t, err, apperr.Forbidden, user.CodeLocalAuthDisabled)
	_, err = off.Refresh(t.Context(), s.RefreshToken)
	requireCode(t, err, apperr.Forbidden, user.CodeLocalAuthDisabled)

	require.NoError(t, off.Logout(t.Context(), s.RefreshToken))
	require.Zero(t, f.count(t, "sessions"))
}
