package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// SecretKind is the prefix that tells people, and scanners for leaked
// secrets, what a secret is.
type SecretKind string

// The kinds of secrets.
const (
	RefreshSecret SecretKind = "son1k_rt_"
	TicketSecret  SecretKind = "son1k_wt_"
)

const (
	secretBytes = 32 // 256 random bits, beyond guessing without a slow hash
	secretChars = 43 // the same in base64url
)

// NewSecret makes a random secret of kind k, and the hash to store in its
// place. The secret itself is shown to its owner once and kept nowhere.
func NewSecret(k SecretKind) (plain string, hash [32]byte) {
	b := make([]byte, secretBytes)
	rand.Read(b) // never fails: it ends the process instead
	plain = string(k) + base64.RawURLEncoding.EncodeToString(b)
	return plain, HashSecret(plain)
}

// HashSecret returns the SHA-256 of a secret. A fast hash does: unlike a
// password, a secret from NewSecret cannot be guessed.
func HashSecret(plain string) [32]byte { return sha256.Sum256([]byte(plain)) }

// Matches reports whether plain has the form of a secret of kind k, so that
// garbage need not be looked up.
func (k SecretKind) Matches(plain string) bool {
	body, ok := strings.CutPrefix(plain, string(k))
	if !ok || len(body) != secretChars || strings.ContainsAny(body, "\r\n") { // which the decoder skips
		return false
	}
	_, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return err == nil
}
