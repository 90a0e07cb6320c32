package user

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// PasswordCost is the work of one argon2id hash (RFC 9106).
type PasswordCost struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

// DefaultPasswordCost is the first choice of the OWASP Password Storage Cheat
// Sheet for machines with little memory: 19 MiB, 2 passes, 1 lane, some 20 ms.
var DefaultPasswordCost = PasswordCost{MemoryKiB: 19 * 1024, Passes: 2, Lanes: 1}

// The most that a stored hash may ask for; more is a mistake or an attack.
const (
	maxMemoryKiB = 256 * 1024
	maxPasses    = 32
	maxLanes     = 16
)

const (
	saltBytes = 16 // RFC 9106, section 3.1
	keyBytes  = 32
)

var errPHC = errors.New("stored password hash is not an argon2id PHC string")

// passwordHash is an argon2id hash with all it takes to check a password.
type passwordHash struct {
	cost PasswordCost
	salt []byte
	key  []byte
}

// parseHash reads the PHC string form that String writes, and no other
// spelling of it (github.com/P-H-C/phc-string-format).
func parseHash(s string) (passwordHash, error) {
	parts := strings.Split(s, "$")
	if len(parts) != 6 {
		return passwordHash{}, errPHC
	}
	var h passwordHash
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &h.cost.MemoryKiB, &h.cost.Passes, &h.cost.Lanes); err != nil {
		return passwordHash{}, errPHC
	}
	var saltErr, keyErr error
	h.salt, saltErr = base64.RawStdEncoding.DecodeString(parts[4])
	h.key, keyErr = base64.RawStdEncoding.DecodeString(parts[5])
	if saltErr != nil || keyErr != nil || !h.sane() || h.String() != s {
		return passwordHash{}, errPHC
	}
	return h, nil
}

func (h passwordHash) sane() bool {
	c := h.cost
	return c.Lanes >= 1 && c.Lanes <= maxLanes && c.Passes >= 1 && c.Passes <= maxPasses &&
		c.MemoryKiB >= 8*uint32(c.Lanes) && c.MemoryKiB <= maxMemoryKiB &&
		len(h.salt) >= 8 && len(h.salt) <= 64 && len(h.key) >= 16 && len(h.key) <= 64
}

func (h passwordHash) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		h.cost.MemoryKiB, h.cost.Passes, h.cost.Lanes, b64.EncodeToString(h.salt), b64.EncodeToString(h.key))
}

// matches hashes password the same way and compares in constant time.
func (h passwordHash) matches(password string) bool {
	return subtle.ConstantTimeCompare(h.key, h.cost.key(password, h.salt, len(h.key))) == 1
}

func (c PasswordCost) key(password string, salt []byte, n int) []byte {
	return argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Lanes, uint32(n))
}
