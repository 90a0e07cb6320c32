package user

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// Profile is an account as its owner sees it.
type Profile struct {
	ID          uuid.UUID `json:"id"`
	Email       *string   `json:"email"` // null for accounts that need none
	Username    string    `json:"username"`
	Tier        string    `json:"tier"`
	IsAdmin     bool      `json:"isAdmin"`
	Limits      Limits    `json:"limits"`
	Features    []string  `json:"features"`
	MaxDuration int       `json:"maxDuration"` // of a song, in seconds
	Quality     string    `json:"quality"`     // the best that may be asked for
	CreatedAt   time.Time `json:"createdAt"`
}

// Limits is the quota of generations and what is used of it.
type Limits struct {
	Monthly Usage `json:"monthly"` // calendar month, UTC
	Daily   Usage `json:"daily"`   // calendar day, UTC
}

// Usage counts generations. Used may exceed Limit after a downgrade.
type Usage struct {
	Used  int `json:"used"`
	Limit int `json:"limit"`
}

// ProfileChange says what to change; nil leaves a field as it is.
type ProfileChange struct {
	Username *string
	Email    *string
}

// Profile returns a user's account. It fails with USER_NOT_FOUND.
func (s *Service) Profile(ctx context.Context, userID uuid.UUID) (Profile, error) {
	return s.profile(ctx, s.pool, userID)
}

// Limits returns what is used of a user's quota. It fails with USER_NOT_FOUND.
func (s *Service) Limits(ctx context.Context, userID uuid.UUID) (Limits, error) {
	p, err := s.Profile(ctx, userID)
	return p.Limits, err
}

// UpdateProfile changes a user's own account and returns it. Errors are
// VALIDATION_ERROR with every invalid field, EMAIL_TAKEN, USERNAME_TAKEN and
// USER_NOT_FOUND.
func (s *Service) UpdateProfile(ctx context.Context, userID uuid.UUID, change ProfileChange) (Profile, error) {
	change = change.trimmed()
	if err := change.check(); err != nil {
		return Profile{}, err
	}
	if change == (ProfileChange{}) {
		return s.Profile(ctx, userID)
	}
	n, err := s.q.UserUpdate(ctx, s.pool, queries.UserUpdateParams{
		ID: userID, Username: change.Username, Email: change.Email,
	})
	if err != nil {
		return Profile{}, fmt.Errorf("update profile: %w", taken(err))
	}
	if n == 0 {
		return Profile{}, notFound()
	}
	s.accounts.forget(userID.String())
	return s.Profile(ctx, userID)
}

func (c ProfileChange) trimmed() ProfileChange {
	trim := func(s *string) *string {
		if s == nil {
			return nil
		}
		t := strings.TrimSpace(*s)
		return &t
	}
	return ProfileChange{Username: trim(c.Username), Email: trim(c.Email)}
}

func (c ProfileChange) check() error {
	var v invalid
	if c.Username != nil {
		v.add("username", checkUsername(*c.Username))
	}
	if c.Email != nil {
		v.add("email", checkEmail(*c.Email))
	}
	return v.err()
}

func (s *Service) profile(ctx context.Context, db queries.DBTX, userID uuid.UUID) (Profile, error) {
	row, err := s.q.UserProfile(ctx, db, userID)
	if errors.Is(err, pgx.ErrNoRows) {
		return Profile{}, notFound()
	}
	if err != nil {
		return Profile{}, fmt.Errorf("load profile: %w", err)
	}
	return Profile{
		ID: row.ID, Email: row.Email, Username: row.Username, Tier: row.Tier, IsAdmin: row.IsAdmin,
		Limits: Limits{
			Monthly: Usage{Used: int(row.MonthlyUsed), Limit: int(row.MonthlyLimit)},
			Daily:   Usage{Used: int(row.DailyUsed), Limit: int(row.DailyLimit)},
		},
		Features: row.Features, MaxDuration: int(row.MaxDurationS), Quality: row.BestQuality,
		CreatedAt: row.CreatedAt,
	}, nil
}
