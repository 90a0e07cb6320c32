package generation

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
)

// linkLife is how long an audio link is good for at least. An <audio> element
// cannot send an Authorization header, so the link itself is the permission.
const linkLife = 24 * time.Hour

// Links makes and checks signed links to audio.
type Links struct {
	base string
	key  []byte
}

// NewLinks returns Links that begin with base ("" gives relative ones) and are
// signed with a key derived from secret (RFC 5869).
func NewLinks(base string, secret []byte) (*Links, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "son1k audio links", sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("audio links: %w", err)
	}
	return &Links{base: strings.TrimSuffix(base, "/"), key: key}, nil
}

// Audio returns the link to clip n of a generation. Links made on the same
// day are equal, so that browsers can cache what is behind them.
func (l *Links) Audio(id uuid.UUID, n int, now time.Time) string {
	expires := now.Add(2 * linkLife).Truncate(linkLife).Unix()
	link := fmt.Sprintf("%s/api/generation/%s/audio?signature=%s", l.base, id, l.sign(id, n, expires))
	if n > 0 {
		link += "&clip=" + strconv.Itoa(n)
	}
	return link
}

// Check reports whether signature allows hearing clip n now.
func (l *Links) Check(id uuid.UUID, n int, signature string, now time.Time) bool {
	text, _, ok := strings.Cut(signature, ".")
	if !ok {
		return false
	}
	expires, err := strconv.ParseInt(text, 10, 64)
	if err != nil || now.Unix() > expires {
		return false
	}
	return hmac.Equal([]byte(signature), []byte(l.sign(id, n, expires)))
}

// sign gives "<expiry>.<mac>", the expiry in Unix seconds.
func (l *Links) sign(id uuid.UUID, n int, expires int64) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write(id[:])
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(n))
	binary.BigEndian.PutUint64(numbers[8:], uint64(expires))
	mac.Write(numbers[:])
	return strconv.FormatInt(expires, 10) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}
