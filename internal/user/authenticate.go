package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/apperr"
	"son1k/internal/auth"
)

// account is what a principal is made of, besides its proof.
type account struct {
	id       uuid.UUID
	username string
	tier     string
	admin    bool
}

func (a account) principal(expires time.Time) auth.Principal {
	return auth.Principal{UserID: a.id, Username: a.username, Tier: a.tier, Admin: a.admin, ExpiresAt: expires}
}

// Authenticate says who an access token belongs to. The token proves the user
// and nothing else: tier and admin rights are the database's, at most
// Options.CacheTTL old. Errors are AUTH_REQUIRED, TOKEN_EXPIRED and
// TOKEN_INVALID, the last also if the user has been deleted.
func (s *Service) Authenticate(ctx context.Context, bearer string) (auth.Principal, error) {
	claims, err := s.tokens.Verify(bearer, s.now())
	if err != nil {
		return auth.Principal{}, err
	}
	p, err := s.Principal(ctx, claims.UserID)
	if apperr.Is(err, CodeUserNotFound) {
		return auth.Principal{}, auth.Invalid(err)
	}
	p.ExpiresAt = claims.ExpiresAt
	return p, err
}

// Principal returns the principal, without expiry, of a user who is known by
// other means than a token. It fails with USER_NOT_FOUND.
func (s *Service) Principal(ctx context.Context, userID uuid.UUID) (auth.Principal, error) {
	a, err := s.accounts.get(ctx, userID.String())
	if err != nil {
		return auth.Principal{}, err
	}
	return a.principal(time.Time{}), nil
}

func (s *Service) loadAccount(ctx context.Context, key string) (account, error) {
	id, err := uuid.Parse(key)
	if err != nil {
		return account{}, err
	}
	row, err := s.q.UserGet(ctx, s.pool, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return account{}, notFound()
	}
	if err != nil {
		return account{}, fmt.Errorf("load user: %w", err)
	}
	return account{id: row.ID, username: row.Username, tier: row.Tier, admin: row.IsAdmin}, nil
}
