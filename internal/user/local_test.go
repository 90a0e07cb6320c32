package user_test

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/user"
)

func TestEnsureLocal(t *testing.T) {
	t.Parallel()
	f := setupWith(t, user.Options{}) // works without local accounts too
	params := user.EnsureParams{Username: "you", Tier: "PREMIUM", DailyLimit: ptr(1000), MonthlyLimit: ptr(10000), Admin: true}
	first, err := f.EnsureLocal(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, user.Limits{Monthly: user.Usage{Limit: 10000}, Daily: user.Usage{Limit: 1000}}, first.Limits)
	require.True(t, first.IsAdmin)
	again, err := f.EnsureLocal(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, first, again)

	_, err = f.Principal(t.Context(), first.ID) // now the rights are in the cache
	require.NoError(t, err)
	less, err := f.EnsureLocal(t.Context(), user.EnsureParams{Username: "you", Tier: "PRO"})
	require.NoError(t, err)
	require.Equal(t, first.ID, less.ID)
	require.Equal(t, user.Limits{Monthly: user.Usage{Limit: 50}, Daily: user.Usage{Limit: 10}}, less.Limits)
	p, err := f.Principal(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, "PRO", p.Tier)
	require.False(t, p.Admin)
}

// TestEnsureLocalRaisesNoStranger: whoever registers the name first does not
// get the rights of the local user.
func TestEnsureLocalRaisesNoStranger(t *testing.T) {
	t.Parallel()
	f := setup(t)
	stranger := f.register(t, "you").User
	params := user.EnsureParams{Username: "You", Tier: "ENTERPRISE", Admin: true}
	_, err := f.EnsureLocal(t.Context(), params)
	requireCode(t, err, apperr.Conflict, user.CodeUsernameTaken)
	unchanged, err := f.Profile(t.Context(), stranger.ID)
	require.NoError(t, err)
	require.Equal(t, stranger, unchanged)

	params.Adopt = true
	raised, err := f.EnsureLocal(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, stranger.ID, raised.ID)
	require.True(t, raised.IsAdmin)
}

func TestEnsureLocalRefuses(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.EnsureLocal(t.Context(), user.EnsureParams{Username: "you", Tier: "GOLD"})
	requireCode(t, err, apperr.Invalid, user.CodeUnknownTier)
	require.ErrorContains(t, err, `no tier "GOLD"; the tiers are FREE, PRO, PREMIUM, ENTERPRISE`)

	_, err = f.EnsureLocal(t.Context(), user.EnsureParams{
		Username: "", Tier: "FREE", DailyLimit: ptr(-1), MonthlyLimit: ptr(math.MaxInt32 + 1),
	})
	requireCode(t, err, apperr.Invalid, "VALIDATION_ERROR")
	require.Len(t, apperr.From(err).Fields, 3)
	require.Zero(t, f.count(t, "users"))
}

func TestEnsureLocalRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	profiles, errs := together(t, 20, func(ctx context.Context) (user.Profile, error) {
		return f.EnsureLocal(ctx, user.EnsureParams{Username: "you", Tier: "FREE"})
	})
	for i := range errs {
		require.NoError(t, errs[i])
		require.Equal(t, profiles[0].ID, profiles[i].ID)
	}
}
