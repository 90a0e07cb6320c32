package auth

import "son1k/internal/apperr"

// Codes of the errors of this package; all are of kind Unauthenticated.
const (
	CodeRequired = "AUTH_REQUIRED"
	CodeExpired  = "TOKEN_EXPIRED"
	CodeInvalid  = "TOKEN_INVALID"
)

// Required is the error for a request that must say who it comes from and
// does not.
func Required() error {
	return apperr.New(apperr.Unauthenticated, CodeRequired,
		"Sign in first, then send the access token as `Authorization: Bearer <token>`.")
}

// Invalid is the error for a token that is no proof. The cause is for the
// log and must not contain the token.
func Invalid(cause error) error {
	return apperr.Wrap(cause, apperr.Unauthenticated, CodeInvalid,
		"The access token is not valid here. Sign in again to get a new one.")
}

func expired(cause error) error {
	return apperr.Wrap(cause, apperr.Unauthenticated, CodeExpired,
		"The access token has expired. Get a new one with the refresh token, or sign in again.")
}
