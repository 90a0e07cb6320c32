package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/google/uuid"

	"son1k/internal/auth"
	"son1k/internal/user"
)

// LocalSignIn signs in whoever sits at the machine of the embedded default.
//
// It answers only a loopback peer that asked for a loopback host, since a
// public name that resolves to 127.0.0.1 (DNS rebinding) would make the
// browser send requests of a foreign page here; and it refuses requests that a
// browser says come from another origin.
type LocalSignIn struct {
	UserID uuid.UUID
	Users  *user.Service
	Tokens *auth.Tokens
}

// localTokenTTL is the life of the tokens that it gives.
const localTokenTTL = time.Hour

type localSession struct {
	AccessToken string       `json:"accessToken"`
	ExpiresIn   int          `json:"expiresIn"` // seconds
	User        user.Profile `json:"user"`
}

// signIn returns a session, or nil for who has to sign in with an account.
func (l *LocalSignIn) signIn(r *http.Request) (*localSession, error) {
	if l == nil || !isLocal(r) {
		return nil, nil
	}
	profile, err := l.Users.Profile(r.Context(), l.UserID)
	if err != nil {
		return nil, err
	}
	token, err := l.Tokens.Issue(l.UserID, localTokenTTL, time.Now())
	if err != nil {
		return nil, err
	}
	return &localSession{AccessToken: token, ExpiresIn: int(localTokenTTL.Seconds()), User: profile}, nil
}

// isLocal reports whether the request comes from this machine and from our own
// page or no page at all.
func isLocal(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || !isLoopbackHost(r.Host) {
		return false
	}
	for _, h := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded"} {
		if r.Header.Get(h) != "" { // a proxy on this machine stands between
			return false
		}
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		u, err := url.Parse(origin)
		return err == nil && u.Host == r.Host
	}
	return true
}

func isLoopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
