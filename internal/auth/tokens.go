package auth

import (
	"bytes"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

const (
	// MinSecretBytes is the least length of a signing secret: as long as the
	// output of its hash (RFC 7518, section 3.2).
	MinSecretBytes = 32
	// Leeway is how far the clocks of two machines may be apart.
	Leeway = 30 * time.Second

	issuer   = "son1k"
	audience = "son1k-api" // keeps tokens for other purposes out, should there ever be any

	// No token of ours comes near it; more is not worth decoding.
	maxTokenBytes = 8 << 10
)

// Claims is what a verified token says.
type Claims struct {
	UserID    uuid.UUID
	ExpiresAt time.Time
}

// Tokens issues and verifies the access tokens of this installation: JSON Web
// Tokens (RFC 7519) under HMAC-SHA256. It is safe for concurrent use.
type Tokens struct {
	secret []byte
}

// NewTokens returns the issuer and verifier for secret. It fails if secret is
// shorter than MinSecretBytes.
func NewTokens(secret []byte) (*Tokens, error) {
	if len(secret) < MinSecretBytes {
		return nil, fmt.Errorf("the signing secret has %d bytes, it needs at least %d: make one with `openssl rand -base64 48`", len(secret), MinSecretBytes)
	}
	return &Tokens{secret: bytes.Clone(secret)}, nil
}

// Issue signs a token that proves to be userID from now on for ttl, to the
// second.
func (t *Tokens) Issue(userID uuid.UUID, ttl time.Duration, now time.Time) (string, error) {
	if userID == uuid.Nil || ttl < time.Second {
		return "", fmt.Errorf("issue token: no user, or a lifetime of %v", ttl)
	}
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.RegisteredClaims{
		Issuer:    issuer,
		Audience:  jwt.ClaimStrings{audience},
		Subject:   userID.String(),
		IssuedAt:  jwt.NewNumericDate(now),
		ExpiresAt: jwt.NewNumericDate(now.Add(ttl)),
	}).SignedString(t.secret)
}

// Verify checks a token as of now: algorithm, signature, issuer, audience,
// times and subject. Errors are AUTH_REQUIRED for an empty token,
// TOKEN_EXPIRED and TOKEN_INVALID.
func (t *Tokens) Verify(token string, now time.Time) (Claims, error) {
	if token == "" {
		return Claims{}, Required()
	}
	if len(token) > maxTokenBytes {
		return Claims{}, Invalid(errTooLong)
	}
	if strings.ContainsAny(token, "\r\n") {
		return Claims{}, Invalid(errLineBreak)
	}
	// The algorithm comes from the allow-list, not from the token: that is
	// what refuses `none` and RS256 keyed with a public key (RFC 8725, 3.1).
	parser := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithTimeFunc(func() time.Time { return now }),
		jwt.WithLeeway(Leeway),
		jwt.WithExpirationRequired(),
		jwt.WithIssuer(issuer),
		jwt.WithAudience(audience),
		jwt.WithStrictDecoding(),
	)
	var c claims
	if _, err := parser.ParseWithClaims(token, &c, t.key); err != nil {
		return Claims{}, refusal(err)
	}
	id, err := c.user()
	if err != nil {
		return Claims{}, Invalid(err)
	}
	return Claims{UserID: id, ExpiresAt: c.ExpiresAt.Time}, nil
}

// Derive returns 32 bytes that only a holder of the secret can compute from
// data. Each purpose has its own key (HKDF, RFC 5869), so that nothing derived
// is ever a token's signature.
func (t *Tokens) Derive(purpose, data string) [32]byte {
	key, err := hkdf.Key(sha256.New, t.secret, nil, "son1k "+purpose, sha256.Size)
	if err != nil {
		panic(err) // only for a key longer than 255 hashes
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(data))
	return [32]byte(mac.Sum(nil))
}

func (t *Tokens) key(token *jwt.Token) (any, error) {
	if _, ok := token.Header["crit"]; ok {
		return nil, errCritical
	}
	return t.secret, nil
}
