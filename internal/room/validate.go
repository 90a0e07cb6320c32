package room

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"son1k/internal/apperr"
)

// DefaultMessageType is the type of a message whose sender gave none.
const DefaultMessageType = "text"

var messageType = regexp.MustCompile(`^[a-z_]{1,32}$`) //nolint:gochecknoglobals // compiled once

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

// The check functions say what is wrong with a trimmed value, or nothing.

func checkName(s string) string {
	if s == "" {
		return "Give the room a name."
	}
	return checkText(s, MaxName, false)
}

func checkDescription(s string) string { return checkText(s, MaxDescription, true) }

func checkMessage(s string) string {
	if s == "" {
		return "Say something."
	}
	return checkText(s, MaxMessage, true)
}

func checkMessageType(s string) string {
	if !messageType.MatchString(s) {
		return "Use 1 to 32 letters (a-z) and underscores."
	}
	return ""
}

func checkText(s string, maxChars int, lines bool) string {
	switch {
	case !utf8.ValidString(s):
		return "Must be valid UTF-8."
	case utf8.RuneCountInString(s) > maxChars:
		return fmt.Sprintf("Must be at most %d characters.", maxChars)
	case strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r))
	}):
		return "Must not contain control characters."
	}
	return ""
}
