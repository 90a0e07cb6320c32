package auth

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// claims adds to the registered ones the name that older tokens of this
// product have for the subject.
type claims struct {
	jwt.RegisteredClaims
	OldSubject string `json:"userId"`
}

func (c *claims) user() (uuid.UUID, error) {
	subject := c.Subject
	if subject == "" {
		subject = c.OldSubject
	} else if c.OldSubject != "" && c.OldSubject != subject {
		return uuid.Nil, errSubject
	}
	id, err := uuid.Parse(subject)
	if err != nil || len(subject) != 36 || id == uuid.Nil {
		return uuid.Nil, errSubject
	}
	return id, nil
}

// Why a token was refused. These stand in for the parser's own errors, which
// quote the token.
var (
	errLineBreak = errors.New("token has line breaks, which the decoder would skip")
	errTooLong   = fmt.Errorf("token is longer than %d bytes", maxTokenBytes)
	errCritical  = errors.New("token has critical extensions that are not known here (RFC 7515, section 4.1.11)")
	errSubject   = errors.New("token subject is not one uuid")
	errParse     = errors.New("token cannot be parsed")

	reasons = []error{
		errCritical,
		jwt.ErrTokenMalformed,
		jwt.ErrTokenSignatureInvalid, // also a wrong algorithm
		jwt.ErrTokenUnverifiable,
		jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenInvalidIssuer,
		jwt.ErrTokenInvalidAudience,
		jwt.ErrTokenNotValidYet,
		jwt.ErrTokenExpired, // the last, so that it is the answer only if nothing else is wrong
	}
)

func refusal(err error) error {
	for _, reason := range reasons {
		if !errors.Is(err, reason) {
			continue
		}
		if reason == jwt.ErrTokenExpired {
			return expired(reason)
		}
		return Invalid(reason)
	}
	return Invalid(errParse)
}
