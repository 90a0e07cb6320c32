package user

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"son1k/internal/queries"
)

// RegisterParams is what a new account needs.
type RegisterParams struct {
	Email    string // a bare address of at most 254 bytes
	Username string // 3 to 32 of a-z, A-Z, 0-9, '.', '_' and '-'
	Password string // 8 to 128 characters
}

// Register makes an account of tier FREE and signs it in. Errors are
// VALIDATION_ERROR with every invalid field, EMAIL_TAKEN, USERNAME_TAKEN,
// LOCAL_AUTH_DISABLED and AUTH_BUSY.
func (s *Service) Register(ctx context.Context, p RegisterParams) (Session, error) {
	if !s.local {
		return Session{}, localAuthDisabled()
	}
	p.Email, p.Username = strings.TrimSpace(p.Email), strings.TrimSpace(p.Username)
	if err := p.check(); err != nil {
		return Session{}, err
	}
	hash, err := s.passwords.hash(ctx, p.Password) // takes long: not in the transaction
	if err != nil {
		return Session{}, err
	}
	var session Session
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		id, err := s.q.UserInsert(ctx, tx, queries.UserInsertParams{
			Email: p.Email, Username: p.Username, PasswordHash: hash,
		})
		if err != nil {
			return taken(err)
		}
		session, err = s.open(ctx, tx, id)
		return err
	})
	if err != nil {
		return Session{}, fmt.Errorf("register: %w", err)
	}
	return session, nil
}

func (p RegisterParams) check() error {
	var v invalid
	v.add("email", checkEmail(p.Email))
	v.add("username", checkUsername(p.Username))
	v.add("password", checkPassword(p.Password))
	return v.err()
}
