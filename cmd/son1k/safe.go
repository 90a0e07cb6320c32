package main

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// safe makes a text that comes from elsewhere fit for a terminal and for one
// line: what is not printable, or not seen, is escaped, so that no error message
// moves the cursor, changes the title of the window or hides what follows.
func safe(s string) string {
	if strings.IndexFunc(s, unsafeRune) < 0 && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[0])|0x100, 16)[1:])
		case unsafeRune(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		s = s[size:]
	}
	return b.String()
}

// unsafeRune reports whether r is a control character, one that reorders or
// joins text, a space other than the usual one, or not assigned.
func unsafeRune(r rune) bool { return !unicode.IsPrint(r) }

// clip is safe, shortened to at most n > 0 characters.
func clip(s string, n int) string {
	s = safe(s)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

// safeJSON escapes in JSON what safe does and JSON does not: control characters
// above ASCII, and those that reorder text. They can only be in strings.
func safeJSON(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r == '\n' || !unsafeRune(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}
