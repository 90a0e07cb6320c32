package user

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode/utf8"

	"son1k/internal/apperr"
)

const (
	minPasswordChars = 8
	maxPasswordChars = 128
	maxPasswordBytes = 512 // four bytes a character
	maxEmailBytes    = 254 // RFC 5321, section 4.5.3.1.3, less the angle brackets
)

// Only ASCII, so that no two names look the same; no @, so that a name is
// never an e-mail address.
var usernamePattern = regexp.MustCompile(`^[A-Za-z0-9._-]{3,32}$`)

// invalid collects what is wrong with an input, to report all of it at once.
type invalid []apperr.Field

// add notes a problem with a field, unless problem is empty.
func (v *invalid) add(field, problem string) {
	if problem != "" {
		*v = append(*v, apperr.Field{Field: field, Message: problem})
	}
}

func (v invalid) err() error {
	if len(v) == 0 {
		return nil
	}
	return apperr.InvalidFields(v...)
}

// The check functions say what is wrong with a value, or nothing.

func checkUsername(s string) string {
	if !usernamePattern.MatchString(s) {
		return "Use 3 to 32 letters (a-z), digits, dots, underscores or hyphens."
	}
	return ""
}

// checkEmail accepts a bare addr-spec (RFC 5322, section 3.4.1). Whether it
// can receive mail, only mail can tell.
func checkEmail(s string) string {
	if len(s) > maxEmailBytes {
		return "Use an address of at most 254 bytes."
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Name != "" || a.Address != s || !storable(s) {
		return "Use an e-mail address such as name@example.com."
	}
	return ""
}

// checkPassword asks for length and nothing else (NIST SP 800-63B, section
// 5.1.1.2).
func checkPassword(s string) string {
	if !utf8.ValidString(s) {
		return "Use text in UTF-8."
	}
	if n := utf8.RuneCountInString(s); n < minPasswordChars || n > maxPasswordChars || len(s) > maxPasswordBytes {
		return "Use 8 to 128 characters."
	}
	return ""
}

// storable reports whether Postgres takes s as text.
func storable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}
