package auth_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"son1k/internal/apperr"
	"son1k/internal/auth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPrincipalInContext(t *testing.T) {
	t.Parallel()
	_, ok := auth.From(t.Context())
	require.False(t, ok)
	want := auth.Principal{UserID: user, Tier: "PRO"}
	got, ok := auth.From(auth.WithPrincipal(t.Context(), want))
	require.True(t, ok)
	require.Equal(t, want, got)
}

func TestBearer(t *testing.T) {
	t.Parallel()
	for _, header := range []string{"Bearer abc.def", "bearer abc.def", "BEARER   abc.def "} {
		token, err := auth.Bearer(header)
		require.NoError(t, err, header)
		require.Equal(t, "abc.def", token)
	}
	for header, code := range map[string]string{
		"":                 auth.CodeRequired,
		"Bearer":           auth.CodeInvalid,
		"Bearer ":          auth.CodeInvalid,
		"abc.def":          auth.CodeInvalid,
		"Basic dXNlcjpwdw": auth.CodeInvalid,
		"Bearer a b":       auth.CodeInvalid,
		"Bearer a, Bearer": auth.CodeInvalid,
	} {
		_, err := auth.Bearer(header)
		require.True(t, apperr.Is(err, code), "%q: %v", header, err)
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	plain, hash := auth.NewSecret(auth.TicketSecret)
	require.Equal(t, auth.HashSecret(plain), hash)
	require.True(t, auth.TicketSecret.Matches(plain))
	require.False(t, auth.RefreshSecret.Matches(plain))
	again, _ := auth.NewSecret(auth.TicketSecret)
	require.NotEqual(t, plain, again)
	for _, s := range []string{"", "son1k_wt_", plain[:len(plain)-1], plain + "A", plain[:len(plain)-2] + "A\n", plain[:len(plain)-1] + "\n", plain[:len(plain)-1] + "="} {
		require.False(t, auth.TicketSecret.Matches(s), "%q", s)
	}
}
