package auth_test

import (
	"encoding/json"

	"github.com/golang-jwt/jwt/v5"
)

// rawClaims is a payload to be signed as it is; invalid JSON becomes text.
type rawClaims string

func (c rawClaims) MarshalJSON() ([]byte, error) {
	if !json.Valid([]byte(c)) {
		return json.Marshal(string(c))
	}
	return []byte(c), nil
}

func (rawClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (rawClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (rawClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (rawClaims) GetIssuer() (string, error)                   { return "", nil }
func (rawClaims) GetSubject() (string, error)                  { return "", nil }
func (rawClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }
