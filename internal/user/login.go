package user

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// LoginParams is what signing in takes.
type LoginParams struct {
	Login    string // e-mail address or username, in any case
	Password string
}

// Login signs in to a local account. It fails with INVALID_CREDENTIALS,
// whatever of the two is wrong, and with VALIDATION_ERROR for empty fields,
// LOCAL_AUTH_DISABLED and AUTH_BUSY.
func (s *Service) Login(ctx context.Context, p LoginParams) (Session, error) {
	if !s.local {
		return Session{}, localAuthDisabled()
	}
	p.Login = strings.TrimSpace(p.Login)
	if err := p.check(); err != nil {
		return Session{}, err
	}
	if !p.possible() {
		return Session{}, invalidCredentials()
	}
	id, err := s.verifyPassword(ctx, p)
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		session, err = s.open(ctx, tx, id)
		return err
	})
	if violates(err, sessionsUser) { // deleted since
		return Session{}, invalidCredentials()
	}
	if err != nil {
		return Session{}, fmt.Errorf("login: %w", err)
	}
	return session, nil
}

func (p LoginParams) check() error {
	var v invalid
	if p.Login == "" {
		v.add("login", "Say the e-mail address or the username of the account.")
	}
	if p.Password == "" {
		v.add("password", "Say the password.")
	}
	return v.err()
}

// possible is false for what no account can have and would only cost work.
func (p LoginParams) possible() bool {
	return storable(p.Login) && len(p.Login) <= maxEmailBytes &&
		utf8.ValidString(p.Password) && len(p.Password) <= maxPasswordBytes
}

// verifyPassword returns the user whose name and password p has.
func (s *Service) verifyPassword(ctx context.Context, p LoginParams) (uuid.UUID, error) {
	id, stored, err := s.findLogin(ctx, p.Login)
	if err != nil {
		return uuid.Nil, err
	}
	ok, outdated, err := s.passwords.verify(ctx, p.Password, stored)
	if err != nil {
		return uuid.Nil, fmt.Errorf("verify password: %w", err)
	}
	if !ok {
		return uuid.Nil, invalidCredentials()
	}
	if outdated {
		s.rehash(ctx, id, *stored, p.Password)
	}
	return id, nil
}

// findLogin looks up a name. The hash is nil if nobody has it, or has it
// without a password.
func (s *Service) findLogin(ctx context.Context, login string) (id uuid.UUID, hash *string, err error) {
	if strings.Contains(login, "@") {
		var row queries.UserByEmailRow
		row, err = s.q.UserByEmail(ctx, s.pool, login)
		id, hash = row.ID, row.PasswordHash
	} else {
		var row queries.UserByUsernameRow
		row, err = s.q.UserByUsername(ctx, s.pool, login)
		id, hash = row.ID, row.PasswordHash
	}
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, nil, fmt.Errorf("find login: %w", err)
	}
	return id, hash, nil
}

// rehash stores the password at today's cost. Nobody is kept out if it fails:
// the next login tries again.
func (s *Service) rehash(ctx context.Context, id uuid.UUID, old, password string) {
	hash, err := s.passwords.hash(ctx, password)
	if err == nil {
		err = s.q.UserRehash(ctx, s.pool, queries.UserRehashParams{ID: id, OldHash: old, NewHash: hash})
	}
	if err != nil {
		s.log.WarnContext(ctx, "rehash password", "user_id", id, "error", err)
	}
}
