package user_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
	"son1k/internal/user"
)

// ticket registers somebody and asks for a ticket with the access token.
func (f fixture) ticket(t *testing.T) (string, auth.Principal) {
	t.Helper()
	p, err := f.Authenticate(t.Context(), f.register(t, "ada").AccessToken)
	require.NoError(t, err)
	ticket, expires, err := f.IssueTicket(t.Context(), p)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now().Add(30*time.Second), expires, 10*time.Second)
	return ticket, p
}

func (f fixture) requireNoTicket(t *testing.T, ticket string) {
	t.Helper()
	p, err := f.RedeemTicket(t.Context(), ticket)
	requireCode(t, err, apperr.Unauthenticated, user.CodeTicketInvalid)
	require.Zero(t, p)
}

func TestTicketOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, p := f.ticket(t)
	got, err := f.RedeemTicket(t.Context(), ticket)
	require.NoError(t, err)
	require.True(t, got.ExpiresAt.Equal(p.ExpiresAt), "%v, not %v", got.ExpiresAt, p.ExpiresAt)
	got.ExpiresAt = p.ExpiresAt // the same time in another zone
	require.Equal(t, p, got)
	f.requireNoTicket(t, ticket)
}

func TestTicketRace(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, _ := f.ticket(t)
	_, errs := together(t, 50, func(ctx context.Context) (auth.Principal, error) {
		return f.RedeemTicket(ctx, ticket)
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		requireCode(t, err, apperr.Unauthenticated, user.CodeTicketInvalid)
	}
	require.Equal(t, 1, won)
}

func TestTicketExpired(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, _ := f.ticket(t)
	f.exec(t, "UPDATE tickets SET expires_at = now()")
	f.requireNoTicket(t, ticket)
}

func TestTicketGarbage(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, _ := f.ticket(t)
	unknown, _ := auth.NewSecret(auth.TicketSecret)
	for _, s := range []string{"", "garbage", unknown, ticket + " ", strings.ToUpper(ticket), "\xff\x00", strings.Repeat("x", 1<<20)} {
		f.requireNoTicket(t, s)
	}
	_, err := f.RedeemTicket(t.Context(), ticket)
	require.NoError(t, err)
}

func TestTicketHasTheRightsOfNow(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, _ := f.ticket(t)
	f.exec(t, "UPDATE users SET tier = 'PRO', is_admin = true")
	p, err := f.RedeemTicket(t.Context(), ticket)
	require.NoError(t, err)
	require.Equal(t, "PRO", p.Tier)
	require.True(t, p.Admin)
}

func TestTicketWithoutExpiry(t *testing.T) {
	t.Parallel()
	f := setup(t)
	profile, err := f.EnsureLocal(t.Context(), user.EnsureParams{Username: "you", Tier: "PREMIUM"})
	require.NoError(t, err)
	p, err := f.Principal(t.Context(), profile.ID)
	require.NoError(t, err)
	ticket, _, err := f.IssueTicket(t.Context(), p)
	require.NoError(t, err)
	got, err := f.RedeemTicket(t.Context(), ticket)
	require.NoError(t, err)
	require.True(t, got.ExpiresAt.IsZero())
}

func TestTicketOfDeletedUser(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, p := f.ticket(t)
	f.exec(t, "DELETE FROM users")
	f.requireNoTicket(t, ticket)
	_, _, err := f.IssueTicket(t.Context(), p)
	requireCode(t, err, apperr.Unauthenticated, auth.CodeInvalid)
}

func TestTicketIsStoredHashed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	ticket, _ := f.ticket(t)
	hash := auth.HashSecret(ticket)
	var stored []byte
	require.NoError(t, f.pool.QueryRow(t.Context(), "SELECT token_hash FROM tickets").Scan(&stored))
	require.Equal(t, hash[:], stored)
}
