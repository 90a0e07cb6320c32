package user_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/apperr"
	"son1k/internal/user"
)

// TestSessionModel presents current and old tokens in any order, with and
// without a pause, to a session and to a model of it. Never are two tokens of
// a session good for more than ten seconds.
func TestSessionModel(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.register(t, "ada")
	rapid.Check(t, func(rt *rapid.T) {
		s, err := f.Login(t.Context(), user.LoginParams{Login: "ada", Password: password})
		require.NoError(rt, err)
		tokens := []string{s.RefreshToken} // the last one is valid
		recent, alive := false, true

		rt.Repeat(map[string]func(*rapid.T){
			"pause": func(*rapid.T) {
				_, err := f.pool.Exec(t.Context(), "UPDATE sessions SET refreshed_at = refreshed_at - interval '11 seconds'")
				require.NoError(rt, err)
				recent = false
			},
			"present": func(rt *rapid.T) {
				age := rapid.IntRange(0, len(tokens)-1).Draw(rt, "age")
				got, err := f.Refresh(t.Context(), tokens[len(tokens)-1-age])
				switch {
				case alive && age == 0:
					require.NoError(rt, err)
					require.NotContains(rt, tokens, got.RefreshToken)
					tokens, recent = append(tokens, got.RefreshToken), true
				case alive && age == 1 && recent:
					require.NoError(rt, err)
					require.Equal(rt, tokens[len(tokens)-1], got.RefreshToken)
				default:
					require.True(rt, apperr.Is(err, user.CodeSessionInvalid), "%v", err)
					alive = false
				}
			},
		})
	})
}
