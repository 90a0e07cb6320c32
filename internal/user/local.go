package user

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"

	"son1k/internal/apperr"
	"son1k/internal/queries"
)

// EnsureParams is the account that EnsureLocal is to leave behind.
type EnsureParams struct {
	Username     string
	Tier         string
	DailyLimit   *int // generations per day; nil means the tier's
	MonthlyLimit *int // generations per month; nil means the tier's
	Admin        bool
	// Adopt also gives these rights to an account that somebody has made with
	// a password. Set it only for a command given by name on this machine: on
	// an automatic start it would raise whoever took the name first.
	Adopt bool
}

// EnsureLocal makes an account without a password, or gives the one of that
// name exactly these rights, and returns it. Errors are VALIDATION_ERROR,
// UNKNOWN_TIER with a list of the tiers, and USERNAME_TAKEN.
func (s *Service) EnsureLocal(ctx context.Context, p EnsureParams) (Profile, error) {
	params, err := p.query()
	if err != nil {
		return Profile{}, err
	}
	id, err := s.q.UserEnsure(ctx, s.pool, params)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Profile{}, apperr.New(apperr.Conflict, CodeUsernameTaken,
			fmt.Sprintf("Somebody registered %q with a password. Choose another name.", p.Username))
	case violates(err, tierExists):
		return Profile{}, s.refuseTier(ctx, p.Tier)
	case err != nil:
		return Profile{}, fmt.Errorf("ensure local user: %w", err)
	}
	s.accounts.forget(id.String())
	return s.Profile(ctx, id)
}

func (s *Service) refuseTier(ctx context.Context, name string) error {
	tiers, err := s.loadTiers(ctx, "") // the cache might still have it
	if err != nil {
		return err
	}
	return unknownTier(name, tiers)
}

func (p EnsureParams) query() (queries.UserEnsureParams, error) {
	var v invalid
	v.add("username", checkUsername(p.Username))
	daily, problem := limit(p.DailyLimit)
	v.add("dailyLimit", problem)
	monthly, problem := limit(p.MonthlyLimit)
	v.add("monthlyLimit", problem)
	return queries.UserEnsureParams{
		Username: p.Username, Tier: p.Tier, IsAdmin: p.Admin, Adopt: p.Adopt,
		DailyGenerations: daily, MonthlyGenerations: monthly,
	}, v.err()
}

func limit(n *int) (_ *int32, problem string) {
	if n == nil {
		return nil, ""
	}
	if *n < 0 || *n > math.MaxInt32 {
		return nil, fmt.Sprintf("Use a number from 0 to %d.", math.MaxInt32)
	}
	l := int32(*n)
	return &l, ""
}
