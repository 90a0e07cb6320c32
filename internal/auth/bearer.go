package auth

import (
	"errors"
	"strings"
)

var errScheme = errors.New("authorization scheme is not Bearer")

// Bearer takes the token out of the value of an Authorization header
// (RFC 6750, section 2.1; the scheme's case does not matter, RFC 9110,
// section 11.1). It fails with AUTH_REQUIRED if the header is empty and with
// TOKEN_INVALID if it holds anything but one bearer token.
func Bearer(header string) (string, error) {
	if header == "" {
		return "", Required()
	}
	scheme, token, _ := strings.Cut(header, " ")
	token = strings.Trim(token, " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || strings.ContainsAny(token, " ,") {
		return "", Invalid(errScheme)
	}
	return token, nil
}
