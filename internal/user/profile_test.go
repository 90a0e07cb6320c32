package user_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/user"
)

func TestProfileCountsTheCurrentUTCPeriods(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.register(t, "ada").User.ID
	// Tests run in a zone that is not UTC, and at any hour.
	f.exec(t, `INSERT INTO quota_usage (user_id, period, starts_on, used)
		SELECT $1, 'day', (now() AT TIME ZONE 'UTC')::date + n, 10 + n FROM generate_series(-1, 1) n`, id)
	f.exec(t, `INSERT INTO quota_usage (user_id, period, starts_on, used)
		SELECT $1, 'month', (date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month')::date, 20 + n
		FROM generate_series(-1, 1) n`, id)
	f.exec(t, "UPDATE users SET daily_generations = 0, tier = 'PRO' WHERE id = $1", id)
	limits, err := f.Limits(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, user.Limits{
		Monthly: user.Usage{Used: 20, Limit: 50},
		Daily:   user.Usage{Used: 10, Limit: 0},
	}, limits)
}

func TestProfileJSON(t *testing.T) {
	t.Parallel()
	f := setup(t)
	p, err := f.EnsureLocal(t.Context(), user.EnsureParams{Username: "you", Tier: "FREE"})
	require.NoError(t, err)
	got, err := json.Marshal(p)
	require.NoError(t, err)
	created, err := json.Marshal(p.CreatedAt)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"`+p.ID.String()+`","email":null,"username":"you","tier":"FREE","isAdmin":false,
		"limits":{"monthly":{"used":0,"limit":5},"daily":{"used":0,"limit":2}},
		"features":["basic_generation","community_access"],"maxDuration":60,"quality":"standard",
		"createdAt":`+string(created)+`}`, string(got))
}

func TestProfileOfNobody(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.Profile(t.Context(), uuid.New())
	requireCode(t, err, apperr.NotFound, user.CodeUserNotFound)
	_, err = f.Limits(t.Context(), uuid.New())
	requireCode(t, err, apperr.NotFound, user.CodeUserNotFound)
	_, err = f.Tier(t.Context(), uuid.New())
	requireCode(t, err, apperr.NotFound, user.CodeUserNotFound)
	_, err = f.UpdateProfile(t.Context(), uuid.New(), user.ProfileChange{Username: ptr("bob")})
	requireCode(t, err, apperr.NotFound, user.CodeUserNotFound)
}

func TestUpdateProfile(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	_, err := f.Authenticate(t.Context(), s.AccessToken) // now the name is in the cache
	require.NoError(t, err)

	p, err := f.UpdateProfile(t.Context(), s.User.ID, user.ProfileChange{Username: ptr(" lovelace ")})
	require.NoError(t, err)
	require.Equal(t, "lovelace", p.Username)
	require.Equal(t, "ada@example.com", *p.Email)
	p, err = f.UpdateProfile(t.Context(), s.User.ID, user.ProfileChange{Email: ptr("l@example.com")})
	require.NoError(t, err)
	require.Equal(t, "lovelace", p.Username)
	require.Equal(t, "l@example.com", *p.Email)
	same, err := f.UpdateProfile(t.Context(), s.User.ID, user.ProfileChange{})
	require.NoError(t, err)
	require.Equal(t, p, same)

	principal, err := f.Authenticate(t.Context(), s.AccessToken)
	require.NoError(t, err)
	require.Equal(t, "lovelace", principal.Username)
}

func TestUpdateProfileRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	id := f.register(t, "ada").User.ID
	f.register(t, "bob")
	update := func(name, email string) error {
		_, err := f.UpdateProfile(t.Context(), id, user.ProfileChange{Username: &name, Email: &email})
		return err
	}
	requireCode(t, update("Bob", "new@example.com"), apperr.Conflict, user.CodeUsernameTaken)
	requireCode(t, update("new", "BOB@example.com"), apperr.Conflict, user.CodeEmailTaken)
	err := update("", "")
	requireCode(t, err, apperr.Invalid, "VALIDATION_ERROR")
	require.Len(t, apperr.From(err).Fields, 2)
	require.NoError(t, update("ADA", "ADA@example.com")) // one's own
}

func TestTier(t *testing.T) {
	t.Parallel()
	f := setup(t)
	tier, err := f.Tier(t.Context(), f.register(t, "ada").User.ID)
	require.NoError(t, err)
	require.Equal(t, user.Tier{
		Name: "FREE", QueuePriority: 20, MaxRunning: 1, MonthlyGenerations: 5, DailyGenerations: 2,
		MaxDuration: 60, BestQuality: "standard", WritesPerMinute: 10, ReadsPerMinute: 120,
		Features: []string{"basic_generation", "community_access"},
	}, tier)
	tiers, err := f.Tiers(t.Context())
	require.NoError(t, err)
	var names []string
	for _, tier := range tiers {
		names = append(names, tier.Name)
	}
	require.Equal(t, "FREE PRO PREMIUM ENTERPRISE", strings.Join(names, " "))
	_, err = f.TierNamed(t.Context(), "GOLD")
	requireCode(t, err, apperr.Invalid, user.CodeUnknownTier)
}
