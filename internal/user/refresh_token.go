package user

import (
	"encoding/base64"
	"strings"

	"son1k/internal/auth"
)

// refreshToken has two halves, see the package comment. Written as text they
// are joined by a dot.
type refreshToken struct {
	family string // an auth.RefreshSecret, the same throughout the session
	turn   string // 32 bytes in base64url, other ones after each exchange
}

// turnSecret is the kind of the second half, which has no prefix of its own.
const turnSecret auth.SecretKind = ""

func newRefreshToken() refreshToken {
	family, _ := auth.NewSecret(auth.RefreshSecret)
	turn, _ := auth.NewSecret(turnSecret)
	return refreshToken{family, turn}
}

// parseRefreshToken reports whether s has the form of a refresh token.
func parseRefreshToken(s string) (refreshToken, bool) {
	family, turn, _ := strings.Cut(s, ".")
	return refreshToken{family, turn}, auth.RefreshSecret.Matches(family) && turnSecret.Matches(turn)
}

func (t refreshToken) String() string { return t.family + "." + t.turn }

// successor is what t is exchanged for. Only a holder of the signing secret
// can compute it, and each time the same.
func (t refreshToken) successor(tokens *auth.Tokens) refreshToken {
	turn := tokens.Derive("refresh token", t.String())
	return refreshToken{t.family, base64.RawURLEncoding.EncodeToString(turn[:])}
}

func (t refreshToken) familyHash() []byte { return secretHash(t.family) }

func (t refreshToken) hash() []byte { return secretHash(t.String()) }

func secretHash(plain string) []byte {
	h := auth.HashSecret(plain)
	return h[:]
}
