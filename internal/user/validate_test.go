package user

import (
	"net/mail"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestCheckUsername(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"you", "Ada.L_0-9", strings.Repeat("x", 32)} {
		require.Empty(t, checkUsername(s), s)
	}
	for _, s := range []string{"", "ab", strings.Repeat("x", 33), "a b", "a@b", "аda", "ada\n", "ada\x00", "<b>", "é́é́"} {
		require.NotEmpty(t, checkUsername(s), "%q", s)
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"a@b", "ada+tag@example.com", "o'hara@example.co.uk", "ünï@exämple.com"} {
		require.Empty(t, checkEmail(s), s)
	}
	for _, s := range []string{
		"", "ada", "@example.com", "ada@", "Ada <ada@example.com>", "<ada@example.com>", "a@b, c@d", "a@b (comment)",
		"a b@example.com", "ada@example.com\r\nBcc: x@example.com", "ada@example.com\x00", "a\xff@example.com",
		strings.Repeat("x", 243) + "@example.com",
	} {
		require.NotEmpty(t, checkEmail(s), "%q", s)
	}
	require.Empty(t, checkEmail(strings.Repeat("x", 242)+"@example.com"))
}

func TestCheckPassword(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"12345678", strings.Repeat("x", 128), strings.Repeat("🎵", 8), strings.Repeat("🎵", 128), "\x00\x01\x02\x03\x04\x05\x06\x07"} {
		require.Empty(t, checkPassword(s), s)
	}
	for _, s := range []string{"", "1234567", strings.Repeat("x", 129), strings.Repeat("🎵", 7), "12345678\xff"} {
		require.NotEmpty(t, checkPassword(s), "%q", s)
	}
}

func FuzzChecks(f *testing.F) {
	for _, s := range []string{"ada", "ada@example.com", `"a b"@example.com`, "a@[127.0.0.1]", "=?utf-8?q?x?= <a@b>", "12345678", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if checkUsername(s) == "" {
			require.True(t, storable(s))
			require.NotContains(t, s, "@")
			require.LessOrEqual(t, len(s), 32)
		}
		if checkEmail(s) == "" {
			require.True(t, storable(s))
			require.LessOrEqual(t, len(s), maxEmailBytes)
			require.NotContains(t, s, "\n")
			require.Contains(t, s, "@")
			_, err := mail.ParseAddress("Name <" + s + ">")
			require.NoError(t, err)
		}
		if checkPassword(s) == "" {
			require.GreaterOrEqual(t, utf8.RuneCountInString(s), 8)
			require.LessOrEqual(t, len(s), 512)
		}
	})
}
