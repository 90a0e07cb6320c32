package user

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var testCost = PasswordCost{MemoryKiB: 64, Passes: 1, Lanes: 1}

func TestHashVerify(t *testing.T) {
	t.Parallel()
	h := newHasher(testCost, 2)
	rapid.Check(t, func(rt *rapid.T) {
		password := rapid.String().Draw(rt, "password")
		stored, err := h.hash(t.Context(), password)
		require.NoError(rt, err)
		ok, outdated, err := h.verify(t.Context(), password, &stored)
		require.NoError(rt, err)
		require.True(rt, ok)
		require.False(rt, outdated)
		other := rapid.String().Filter(func(s string) bool { return s != password }).Draw(rt, "other")
		ok, _, err = h.verify(t.Context(), other, &stored)
		require.NoError(rt, err)
		require.False(rt, ok)
	})
}

func TestHashIsSalted(t *testing.T) {
	t.Parallel()
	h := newHasher(testCost, 1)
	a, err := h.hash(t.Context(), "password")
	require.NoError(t, err)
	b, err := h.hash(t.Context(), "password")
	require.NoError(t, err)
	require.NotEqual(t, a, b)
}

func TestParseHashRefuses(t *testing.T) {
	t.Parallel()
	salt, key := strings.Repeat("A", 22), strings.Repeat("A", 43)
	valid := "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + key
	_, err := parseHash(valid)
	require.NoError(t, err)
	for name, s := range map[string]string{
		"empty":            "",
		"bcrypt":           "$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"other argon2":     strings.Replace(valid, "argon2id", "argon2i", 1),
		"other version":    strings.Replace(valid, "v=19", "v=16", 1),
		"no memory":        strings.Replace(valid, "m=64", "m=0", 1),
		"too much memory":  strings.Replace(valid, "m=64", "m=4194304", 1),
		"no passes":        strings.Replace(valid, "t=1", "t=0", 1),
		"too many passes":  strings.Replace(valid, "t=1", "t=4000000000", 1),
		"no lanes":         strings.Replace(valid, "p=1", "p=0", 1),
		"lanes overflow":   strings.Replace(valid, "p=1", "p=257", 1),
		"leading zero":     strings.Replace(valid, "m=64", "m=064", 1),
		"sign":             strings.Replace(valid, "m=64", "m=+64", 1),
		"order":            strings.Replace(valid, "m=64,t=1", "t=1,m=64", 1),
		"extra parameter":  strings.Replace(valid, "p=1", "p=1,x=1", 1),
		"short salt":       strings.Replace(valid, salt, "AAAA", 1),
		"short key":        strings.Replace(valid, key, "AAAA", 1),
		"padded":           valid + "=",
		"trailing bits":    valid[:len(valid)-1] + "B",
		"line break":       valid + "\n",
		"something before": "x" + valid,
		"something behind": valid + "$x",
	} {
		_, err := parseHash(s)
		require.ErrorIs(t, err, errPHC, name)
	}
}

// FuzzParseHash: what is accepted is written back the same, and asks for no
// more work than allowed.
func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 22) + "$" + strings.Repeat("A", 43))
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHash(s)
		if err != nil {
			return
		}
		require.Equal(t, s, h.String())
		require.True(t, h.sane())
	})
}
