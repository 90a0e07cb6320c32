package auth_test

import (
	"crypto/rand"
	"crypto/rsa"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/auth"
)

var (
	secret = []byte("a secret for tests of 32 bytes or more")
	now    = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	user   = uuid.MustParse("0190a0a0-0000-7000-8000-000000000001")
)

func setup(t testing.TB) *auth.Tokens {
	t.Helper()
	tokens, err := auth.NewTokens(secret)
	require.NoError(t, err)
	return tokens
}

// good returns the claims of a token that is accepted, for tests to spoil.
func good() jwt.MapClaims {
	return jwt.MapClaims{
		"iss": "son1k", "aud": "son1k-api", "sub": user.String(),
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
}

func sign(t testing.TB, method jwt.SigningMethod, key any, claims jwt.Claims) string {
	t.Helper()
	token, err := jwt.NewWithClaims(method, claims).SignedString(key)
	require.NoError(t, err)
	return token
}

func with(changes jwt.MapClaims) jwt.MapClaims {
	claims := good()
	for k, v := range changes {
		if v == nil {
			delete(claims, k)
		} else {
			claims[k] = v
		}
	}
	return claims
}

func TestNewTokensRefusesShortSecrets(t *testing.T) {
	t.Parallel()
	_, err := auth.NewTokens(make([]byte, 31))
	require.ErrorContains(t, err, "31 bytes")
	_, err = auth.NewTokens(make([]byte, 32))
	require.NoError(t, err)
}

func TestIssueVerify(t *testing.T) {
	t.Parallel()
	tokens := setup(t)
	token, err := tokens.Issue(user, time.Hour, now)
	require.NoError(t, err)
	claims, err := tokens.Verify(token, now.Add(59*time.Minute))
	require.NoError(t, err)
	require.Equal(t, user, claims.UserID)
	require.True(t, claims.ExpiresAt.Equal(now.Add(time.Hour)), claims.ExpiresAt)
}

func TestIssueRefusesNonsense(t *testing.T) {
	t.Parallel()
	_, err := setup(t).Issue(uuid.Nil, time.Hour, now)
	require.Error(t, err)
	_, err = setup(t).Issue(user, 0, now)
	require.Error(t, err)
}

func TestSecretIsCopied(t *testing.T) {
	t.Parallel()
	mine := []byte(strings.Repeat("x", 32))
	tokens, err := auth.NewTokens(mine)
	require.NoError(t, err)
	token, err := tokens.Issue(user, time.Hour, now)
	require.NoError(t, err)
	clear(mine)
	_, err = tokens.Verify(token, now)
	require.NoError(t, err)
}

func TestVerifyAccepts(t *testing.T) {
	t.Parallel()
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, changes := range map[string]jwt.MapClaims{
		"as issued":                         {},
		"several audiences":                 {"aud": []string{"other", "son1k-api"}},
		"old subject":                       {"sub": nil, "userId": user.String()},
		"both subjects the same":            {"userId": user.String()},
		"expired within the leeway":         {"exp": unix(-29 * time.Second)},
		"not yet valid within the leeway":   {"nbf": unix(30 * time.Second)},
		"claims that are not ours":          {"tier": "ENTERPRISE", "isAdmin": true},
		"issued by a clock ahead of ours":   {"iat": unix(time.Minute)},
		"without the time it was issued at": {"iat": nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token := sign(t, jwt.SigningMethodHS256, secret, with(changes))
			claims, err := setup(t).Verify(token, now)
			require.NoError(t, err)
			require.Equal(t, user, claims.UserID)
		})
	}
}

func TestVerifyRefusesClaims(t *testing.T) {
	t.Parallel()
	unix := func(d time.Duration) int64 { return now.Add(d).Unix() }
	for name, tc := range map[string]struct {
		changes jwt.MapClaims
		code    string
	}{
		"expired":                       {jwt.MapClaims{"exp": unix(-time.Hour)}, auth.CodeExpired},
		"expired just past the leeway":  {jwt.MapClaims{"exp": unix(-auth.Leeway)}, auth.CodeExpired},
		"expired and another audience":  {jwt.MapClaims{"exp": unix(-time.Hour), "aud": "x"}, auth.CodeInvalid},
		"expired and not yet valid":     {jwt.MapClaims{"exp": unix(-time.Hour), "nbf": unix(time.Hour)}, auth.CodeInvalid},
		"no expiry":                     {jwt.MapClaims{"exp": nil}, auth.CodeInvalid},
		"expiry is text":                {jwt.MapClaims{"exp": "tomorrow"}, auth.CodeInvalid},
		"expiry beyond all numbers":     {jwt.MapClaims{"exp": -1e300}, auth.CodeExpired},
		"not yet valid":                 {jwt.MapClaims{"nbf": unix(31 * time.Second)}, auth.CodeInvalid},
		"no issuer":                     {jwt.MapClaims{"iss": nil}, auth.CodeInvalid},
		"other issuer":                  {jwt.MapClaims{"iss": "https://example.com"}, auth.CodeInvalid},
		"no audience":                   {jwt.MapClaims{"aud": nil}, auth.CodeInvalid},
		"other audience":                {jwt.MapClaims{"aud": "authenticated"}, auth.CodeInvalid},
		"empty audiences":               {jwt.MapClaims{"aud": []string{}}, auth.CodeInvalid},
		"no subject":                    {jwt.MapClaims{"sub": nil}, auth.CodeInvalid},
		"subject is a name":             {jwt.MapClaims{"sub": "dev-user"}, auth.CodeInvalid},
		"subject is a number":           {jwt.MapClaims{"sub": 1}, auth.CodeInvalid},
		"subject in another uuid form":  {jwt.MapClaims{"sub": "urn:uuid:" + user.String()}, auth.CodeInvalid},
		"subject is the nil uuid":       {jwt.MapClaims{"sub": uuid.Nil.String()}, auth.CodeInvalid},
		"old subject is a name":         {jwt.MapClaims{"sub": nil, "userId": "dev-user"}, auth.CodeInvalid},
		"two subjects that contradict":  {jwt.MapClaims{"userId": uuid.NewString()}, auth.CodeInvalid},
		"subject with something behind": {jwt.MapClaims{"sub": user.String() + "\x00"}, auth.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireRefused(t, sign(t, jwt.SigningMethodHS256, secret, with(tc.changes)), tc.code)
		})
	}
}

func TestVerifyRefusesTokens(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	valid := sign(t, jwt.SigningMethodHS256, secret, good())
	header, rest, _ := strings.Cut(valid, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	critical := jwt.NewWithClaims(jwt.SigningMethodHS256, good())
	critical.Header["crit"] = []string{"b64"}
	withCritical, err := critical.SignedString(secret)
	require.NoError(t, err)

	for name, token := range map[string]string{
		"no algorithm":             sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, good()),
		"no algorithm, our header": header + "." + payload + ".",
		"longer hash":              sign(t, jwt.SigningMethodHS512, secret, good()),
		"rsa":                      sign(t, jwt.SigningMethodRS256, rsaKey, good()),
		"unknown algorithm":        "eyJhbGciOiJYWFgiLCJ0eXAiOiJKV1QifQ." + payload + "." + signature,
		"other key":                sign(t, jwt.SigningMethodHS256, []byte("another secret of 32 bytes or more"), good()),
		"other key and expired":    sign(t, jwt.SigningMethodHS256, []byte("x"), with(jwt.MapClaims{"exp": 1})),
		"critical extension":       withCritical,
		"signature cut":            valid[:len(valid)-4],
		"signature of another":     header + "." + payload + "x." + signature,
		"padded":                   valid + "=",
		"line break":               valid + "\n",
		"line break within":        header[:4] + "\r" + header[4:] + "." + payload + "." + signature,
		"one part":                 payload,
		"four parts":               valid + "." + signature,
		"empty parts":              "..",
		"not base64":               "%%%.%%%.%%%",
		"payload is not an object": "eyJhbGciOiJIUzI1NiJ9.bnVsbA." + signature,
		"the old back door":        "dev-token",
		"huge":                     header + "." + strings.Repeat("A", 1<<20) + "." + signature,
		"many dots":                strings.Repeat(".", 8<<10),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requireRefused(t, token, auth.CodeInvalid)
		})
	}
}

func TestVerifyNothing(t *testing.T) {
	t.Parallel()
	requireRefused(t, "", auth.CodeRequired)
}

func TestDerive(t *testing.T) {
	t.Parallel()
	tokens := setup(t)
	other, err := auth.NewTokens(make([]byte, 32))
	require.NoError(t, err)
	d := tokens.Derive("a", "data")
	require.Equal(t, d, tokens.Derive("a", "data"))
	require.NotEqual(t, d, tokens.Derive("b", "data"))
	require.NotEqual(t, d, tokens.Derive("a", "Data"))
	require.NotEqual(t, d, other.Derive("a", "data"))
}

func requireRefused(t *testing.T, token, code string) {
	t.Helper()
	claims, err := setup(t).Verify(token, now)
	require.Error(t, err)
	require.Zero(t, claims)
	e := apperr.From(err)
	require.Equal(t, apperr.Unauthenticated, e.Kind)
	require.Equal(t, code, e.Code, err)
	requireNoLeak(t, token, err)
}

// requireNoLeak fails if err quotes part of the token.
func requireNoLeak(t *testing.T, token string, err error) {
	t.Helper()
	const window = 12
	for i := 0; i+window <= min(len(token), 4096); i++ {
		part := token[i : i+window]
		if strings.Trim(part, ".") != "" {
			require.NotContains(t, err.Error(), part)
		}
	}
}
