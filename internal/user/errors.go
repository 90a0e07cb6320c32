package user

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"son1k/internal/apperr"
)

// Codes of the errors of this package.
const (
	CodeInvalidCredentials = "INVALID_CREDENTIALS" // Unauthenticated
	CodeSessionInvalid     = "SESSION_INVALID"     // Unauthenticated
	CodeTicketInvalid      = "TICKET_INVALID"      // Unauthenticated
	CodeLocalAuthDisabled  = "LOCAL_AUTH_DISABLED" // Forbidden
	CodeEmailTaken         = "EMAIL_TAKEN"         // Conflict
	CodeUsernameTaken      = "USERNAME_TAKEN"      // Conflict
	CodeUserNotFound       = "USER_NOT_FOUND"      // NotFound
	CodeUnknownTier        = "UNKNOWN_TIER"        // Invalid
	CodeAuthBusy           = "AUTH_BUSY"           // Unavailable
)

// Constraints whose violation is somebody's mistake and not ours. A test
// compares the names with the schema.
const (
	uniqueEmail    = "users_email_key"
	uniqueUsername = "users_username_key"
	tierExists     = "users_tier_fkey"
	sessionsUser   = "sessions_user_id_fkey"
	ticketsUser    = "tickets_user_id_fkey"
)

// violates reports whether err is the violation of the named constraint.
func violates(err error, constraint string) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.ConstraintName == constraint
}

// taken turns the violation of a unique index into the answer for people.
func taken(err error) error {
	switch {
	case violates(err, uniqueEmail):
		return apperr.Wrap(err, apperr.Conflict, CodeEmailTaken,
			"There is an account with this e-mail address already. Sign in, or use another address.")
	case violates(err, uniqueUsername):
		return apperr.Wrap(err, apperr.Conflict, CodeUsernameTaken,
			"This username is taken. Choose another one.")
	}
	return err
}

// invalidCredentials is one answer for an unknown name and a wrong password,
// so that nobody learns who has an account (OWASP, Authentication Cheat Sheet).
func invalidCredentials() error {
	return apperr.New(apperr.Unauthenticated, CodeInvalidCredentials,
		"The name or the password is wrong. Check both and try again.")
}

func sessionInvalid() error {
	return apperr.New(apperr.Unauthenticated, CodeSessionInvalid,
		"This session has ended. Sign in again.")
}

func ticketInvalid() error {
	return apperr.New(apperr.Unauthenticated, CodeTicketInvalid,
		"The ticket is unknown, used or expired. Get a new one from POST /api/auth/ticket and connect within 30 seconds.")
}

func localAuthDisabled() error {
	return apperr.New(apperr.Forbidden, CodeLocalAuthDisabled,
		"Accounts with a password are switched off here. Sign in the way that this server offers.")
}

func notFound() error {
	return apperr.New(apperr.NotFound, CodeUserNotFound, "There is no such user.")
}
