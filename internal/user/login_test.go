package user_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/user"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	f := setup(t)
	registered := f.register(t, "ada")
	for _, login := range []string{"ada", "ADA", " ada ", "ada@example.com", "Ada@Example.COM"} {
		s, err := f.Login(t.Context(), user.LoginParams{Login: login, Password: password})
		require.NoError(t, err, login)
		require.Equal(t, registered.User.ID, s.User.ID)
		require.NotEqual(t, registered.RefreshToken, s.RefreshToken)
	}
	require.Equal(t, 6, f.count(t, "sessions"))
}

// TestLoginRefused: whatever is wrong, the answer is the same.
func TestLoginRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.register(t, "ada")
	_, err := f.EnsureLocal(t.Context(), user.EnsureParams{Username: "local", Tier: "FREE"})
	require.NoError(t, err)
	var messages []string
	for name, p := range map[string]user.LoginParams{
		"wrong password":          {Login: "ada", Password: password + "!"},
		"unknown username":        {Login: "bob", Password: password},
		"unknown e-mail":          {Login: "bob@example.com", Password: password},
		"account without one":     {Login: "local", Password: password},
		"password of a megabyte":  {Login: "ada", Password: strings.Repeat("x", 1<<20)},
		"password is not UTF-8":   {Login: "ada", Password: "\xff\xfe\xfd"},
		"name is not UTF-8":       {Login: "a\xffda", Password: password},
		"name with a zero byte":   {Login: "ada\x00", Password: password},
		"name of a megabyte":      {Login: strings.Repeat("x", 1<<20), Password: password},
		"name that tries to be %": {Login: "%", Password: password},
	} {
		_, err := f.Login(t.Context(), p)
		requireCode(t, err, apperr.Unauthenticated, user.CodeInvalidCredentials)
		messages = append(messages, apperr.From(err).Message)
		require.Equal(t, messages[0], apperr.From(err).Message, name)
	}
}

func TestLoginEmptyFields(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.Login(t.Context(), user.LoginParams{Login: " "})
	requireCode(t, err, apperr.Invalid, "VALIDATION_ERROR")
	require.Len(t, apperr.From(err).Fields, 2)
}

func TestLoginRehashesWhenTheCostChanges(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.register(t, "ada")
	hash := func() (h string) {
		require.NoError(t, f.pool.QueryRow(t.Context(), "SELECT password_hash FROM users").Scan(&h))
		return h
	}
	before := hash()
	_, err := f.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
	require.NoError(t, err)
	require.Equal(t, before, hash())

	dearer := f.with(user.Options{LocalAccounts: true, PasswordCost: user.PasswordCost{MemoryKiB: 128, Passes: 2, Lanes: 1}})
	_, err = dearer.Login(t.Context(), user.LoginParams{Login: "ada", Password: "wrong password"})
	require.Error(t, err)
	require.Equal(t, before, hash())
	_, err = dearer.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
	require.NoError(t, err)
	require.Contains(t, hash(), "$m=128,t=2,p=1$")
	_, err = f.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
	require.NoError(t, err)
}

// TestLoginFlood: with one slot for hashing everybody gets in, one by one.
func TestLoginFlood(t *testing.T) {
	t.Parallel()
	f := setupWith(t, user.Options{LocalAccounts: true, PasswordCost: cheap, MaxHashes: 1})
	f.register(t, "ada")
	_, errs := together(t, 30, func(ctx context.Context) (user.Session, error) {
		return f.Login(ctx, user.LoginParams{Login: "ada", Password: password})
	})
	for _, err := range errs {
		require.NoError(t, err)
	}
}

func TestDefaultPasswordCost(t *testing.T) {
	t.Parallel()
	f := setupWith(t, user.Options{LocalAccounts: true})
	f.register(t, "ada")
	var hash string
	require.NoError(t, f.pool.QueryRow(t.Context(), "SELECT password_hash FROM users").Scan(&hash))
	require.Contains(t, hash, "$argon2id$v=19$m=19456,t=2,p=1$")
}
