package auth_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"son1k/internal/apperr"
)

// FuzzVerify: whatever arrives, either it is refused with an error of the
// package, or it is a token that only a holder of the secret can have made.
func FuzzVerify(f *testing.F) {
	tokens := setup(f)
	issued, err := tokens.Issue(user, time.Hour, now)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(issued)
	f.Add(issued + "=")
	f.Add(strings.ToLower(issued))
	f.Add(sign(f, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()))
	f.Add(sign(f, jwt.SigningMethodHS384, secret, good()))
	f.Add("")
	f.Add("..")
	f.Add("dev-token")
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := tokens.Verify(token, now)
		if err == nil {
			if token != issued || claims.UserID != user {
				t.Fatalf("accepted %q", token)
			}
			return
		}
		var e *apperr.Error
		if !errors.As(err, &e) || e.Kind != apperr.Unauthenticated {
			t.Fatalf("unexpected error %v", err)
		}
		requireNoLeak(t, token, err)
	})
}

// FuzzVerifyClaims: signed, but with any claims at all. None of them panics,
// and none without an expiry, issuer, audience and subject passes.
func FuzzVerifyClaims(f *testing.F) {
	tokens := setup(f)
	f.Add(`{"iss":"son1k","aud":"son1k-api","sub":"` + user.String() + `","exp":1e300}`)
	f.Add(`{"iss":"son1k","aud":["son1k-api",1],"sub":{},"exp":"1"}`)
	f.Add(`{"exp":-1,"nbf":null}`)
	f.Add(`null`)
	f.Add(`[]`)
	f.Fuzz(func(t *testing.T, payload string) {
		token := sign(t, jwt.SigningMethodHS256, secret, rawClaims(payload))
		claims, err := tokens.Verify(token, now)
		if err != nil {
			return
		}
		if claims.ExpiresAt.IsZero() || !strings.Contains(payload, "son1k") {
			t.Fatalf("accepted %q as %+v", payload, claims)
		}
	})
}
