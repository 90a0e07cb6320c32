package user

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// accessTTL is the life of an access token. A session that ends does not end
// the access tokens it gave; this bounds how long they go on.
const accessTTL = time.Hour

// Session is the answer to signing in.
type Session struct {
	AccessToken  string  `json:"accessToken"`
	RefreshToken string  `json:"refreshToken"` // good for 30 days from its last use
	ExpiresIn    int     `json:"expiresIn"`    // of the access token, in seconds
	User         Profile `json:"user"`
}

// Refresh exchanges a refresh token for a new session answer. Within 10 s the
// same token gets the same refresh token again; later it counts as stolen and
// the session ends. It fails with SESSION_INVALID for a token that is unknown,
// expired, stolen or garbage, and with LOCAL_AUTH_DISABLED.
func (s *Service) Refresh(ctx context.Context, refresh string) (Session, error) {
	if !s.local {
		return Session{}, localAuthDisabled()
	}
	presented, ok := parseRefreshToken(refresh)
	if !ok {
		return Session{}, sessionInvalid()
	}
	var session Session
	var row queries.SessionLockRow
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		session, row, err = s.exchange(ctx, tx, presented)
		return err
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return Session{}, sessionInvalid()
	case err != nil:
		return Session{}, fmt.Errorf("refresh session: %w", err)
	case stolen(row):
		s.log.WarnContext(ctx, "an old refresh token was presented; the session has ended", "user_id", row.UserID, "session_id", row.ID)
		return Session{}, sessionInvalid()
	}
	return session, nil
}

// exchange does the work of Refresh, or ends the session if it is stolen. It
// fails with pgx.ErrNoRows if there is none.
func (s *Service) exchange(ctx context.Context, tx pgx.Tx, presented refreshToken) (session Session, row queries.SessionLockRow, err error) {
	next := presented.successor(s.tokens)
	row, err = s.q.SessionLock(ctx, tx, queries.SessionLockParams{
		FamilyHash: presented.familyHash(), Presented: presented.hash(), Successor: next.hash(),
	})
	switch {
	case err != nil:
	case stolen(row):
		err = s.q.SessionDelete(ctx, tx, row.ID)
		return Session{}, row, err
	case row.IsCurrent:
		err = s.q.SessionRotate(ctx, tx, queries.SessionRotateParams{ID: row.ID, Successor: next.hash()})
	}
	if err == nil {
		session, err = s.answer(ctx, tx, row.UserID, next, row.Now)
	}
	return session, row, err
}

func stolen(row queries.SessionLockRow) bool { return !row.IsCurrent && !row.IsRepeat }

// Logout ends the session of a refresh token. It is no error if there is none,
// or none any more.
func (s *Service) Logout(ctx context.Context, refresh string) error {
	token, ok := parseRefreshToken(refresh)
	if !ok {
		return nil
	}
	if err := s.q.SessionEnd(ctx, s.pool, token.familyHash()); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// open starts a session for a user whose password was right.
func (s *Service) open(ctx context.Context, tx pgx.Tx, userID uuid.UUID) (Session, error) {
	token := newRefreshToken()
	now, err := s.q.SessionInsert(ctx, tx, queries.SessionInsertParams{
		UserID: userID, FamilyHash: token.familyHash(), TokenHash: token.hash(),
	})
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	return s.answer(ctx, tx, userID, token, now)
}

// answer makes the access token, which counts from now, and collects the rest.
func (s *Service) answer(ctx context.Context, tx pgx.Tx, userID uuid.UUID, refresh refreshToken, now time.Time) (Session, error) {
	profile, err := s.profile(ctx, tx, userID)
	if err != nil {
		return Session{}, err
	}
	access, err := s.tokens.Issue(userID, accessTTL, now)
	if err != nil {
		return Session{}, err
	}
	return Session{
		AccessToken:  access,
		RefreshToken: refresh.String(),
		ExpiresIn:    int(accessTTL / time.Second),
		User:         profile,
	}, nil
}
