package app_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/app"
)

func jsonBody(t *testing.T, v any) io.Reader {
	t.Helper()
	raw, err := json.Marshal(v)
	require.NoError(t, err)
	return bytes.NewReader(raw)
}

// Whatever is sent, the answer is clear and nothing changes.
func TestBadInput(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana := s.person(t, n, "ana", "FREE")
	const (
		create = "/api/generation/create"
		rooms  = "/api/collaboration/rooms"
		nobody = "01936f2e-0000-7000-8000-000000000000"
		aRoom  = rooms + "/" + nobody
	)
	for _, c := range []struct {
		name        string
		path        string // create if empty
		contentType string // application/json if empty
		body        string
		status      int
		code        string
		fields      []string
	}{
		{name: "no body", status: 400, code: "INVALID_JSON"},
		{name: "null", body: "null", status: 400, code: "INVALID_JSON"},
		{name: "array", body: "[]", status: 400, code: "INVALID_JSON"},
		{name: "string", body: `"a song"`, status: 400, code: "INVALID_JSON"},
		{name: "broken JSON", body: "{\"prompt\":\n \"x\",,}", status: 400, code: "INVALID_JSON"},
		{name: "two values", body: `{"prompt":"x"} {"prompt":"y"}`, status: 400, code: "INVALID_JSON"},
		{name: "deep nesting", body: strings.Repeat("[", 100_000), status: 400, code: "INVALID_JSON"},
		{name: "not UTF-8", body: "{\"prompt\":\"\xff\xfe\"}", status: 400, code: "INVALID_JSON"},
		{name: "form", contentType: "application/x-www-form-urlencoded", body: "prompt=x", status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		{name: "text", contentType: "text/plain", body: `{"prompt":"x"}`, status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		{name: "huge", body: `{"prompt":"` + strings.Repeat("x", 2<<20) + `"}`, status: 413, code: "BODY_TOO_LARGE"},
		{name: "empty object", body: `{}`, status: 400, code: "INVALID_PROMPT", fields: []string{"prompt"}},
		{name: "blank prompt", body: `{"prompt":"  \n "}`, status: 400, code: "INVALID_PROMPT", fields: []string{"prompt"}},
		{name: "long prompt", body: `{"prompt":"` + strings.Repeat("é", 3001) + `"}`, status: 400, code: "INVALID_PROMPT", fields: []string{"prompt"}},
		{name: "NUL", body: `{"prompt":"a\u0000b"}`, status: 400, code: "INVALID_PROMPT", fields: []string{"prompt"}},
		{name: "unknown field", body: `{"prompt":"x","promt":"y"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"promt"}},
		{name: "wrong types", body: `{"prompt":1,"duration":"60","instrumental":"yes","seed":1.5}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"duration", "instrumental", "prompt", "seed"}},
		{name: "everything wrong", body: `{"prompt":"x","style":"` + strings.Repeat("s", 201) + `","title":"` + strings.Repeat("t", 201) + `","duration":-1,"quality":"best"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"style", "title", "duration", "quality"}},
		{name: "huge number", body: `{"prompt":"x","duration":1e400}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"duration"}},
		{name: "too long for the tier", body: `{"prompt":"x","duration":61}`, status: 403, code: "INSUFFICIENT_TIER"},
		{name: "too good for the tier", body: `{"prompt":"x","quality":"high"}`, status: 403, code: "INSUFFICIENT_TIER"},
		{name: "register all wrong", path: "/api/auth/register", body: `{"email":"x","username":"?","password":"1"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"email", "username", "password"}},
		{name: "login unknown", path: "/api/auth/login", body: `{"email":"nobody@example.org","password":"wrong password"}`, status: 401, code: "INVALID_CREDENTIALS"},
		{name: "room all wrong", path: rooms, body: `{"name":" ","description":"` + strings.Repeat("d", 501) + `"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"name", "description"}},
		{name: "room of wrong types", path: rooms, body: `{"name":1,"isPublic":"yes","ownerId":"me"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"name", "isPublic", "ownerId"}},
		{name: "room too good for the tier", path: rooms, body: `{"name":"x"}`, status: 403, code: "INSUFFICIENT_TIER"},
		{name: "message all wrong", path: aRoom + "/messages", body: `{"message":"","type":"<b>"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"message", "type"}},
		{name: "long message", path: aRoom + "/messages", body: `{"message":"` + strings.Repeat("é", 4001) + `"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"message"}},
		{name: "message of another", path: aRoom + "/messages", body: `{"message":"x","userId":"` + nobody + `"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"userId"}},
		{name: "message to no room", path: aRoom + "/messages", body: `{"message":"x"}`, status: 404, code: "ROOM_NOT_FOUND"},
		{name: "invite nobody", path: aRoom + "/invite", body: `{}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"userId"}},
		{name: "invite two", path: aRoom + "/invite", body: `{"userId":"` + nobody + `","username":"ana"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"userId"}},
		{name: "invite garbage", path: aRoom + "/invite", body: `{"userId":"ana"}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"userId"}},
		{name: "hand over to nobody", path: aRoom + "/owner", body: `{}`, status: 400, code: "VALIDATION_ERROR", fields: []string{"userId"}},
		{name: "refresh garbage", path: "/api/auth/refresh", body: `{"refreshToken":"x"}`, status: 401, code: "SESSION_INVALID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if c.path == "" {
				c.path = create
			}
			if c.contentType == "" {
				c.contentType = "application/json"
			}
			r := n.send(t, ana, http.MethodPost, c.path, strings.NewReader(c.body), http.Header{"Content-Type": {c.contentType}})
			require.Equal(t, c.status, r.status, r.body)
			code, fields := r.failure(t)
			require.Equal(t, c.code, code)
			require.ElementsMatch(t, c.fields, fields)
		})
	}
	t.Cleanup(func() {
		require.Empty(t, s.log.errors())
	})
}

func TestBadPathsAndQueries(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	ana := s.person(t, n, "ana", "FREE")
	const room = "/api/collaboration/rooms/01936f2e-0000-7000-8000-000000000000"
	for path, want := range map[string]struct {
		method string
		status int
		code   string
	}{
		"/nothing":                                    {"GET", 404, "NOT_FOUND"},
		"/api/generation/create":                      {"PUT", 405, "METHOD_NOT_ALLOWED"},
		"/api/generation/x":                           {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/x/cancel":                    {"POST", 400, "VALIDATION_ERROR"},
		"/api/generation/%00/audio":                   {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?page=0":              {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?limit=101":           {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?limit=ten":           {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?status=done":         {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?q=%ff":               {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?q=a%00":              {"GET", 400, "VALIDATION_ERROR"},
		"/api/generation/history?page=99999999999999": {"GET", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms":                    {"PATCH", 405, "METHOD_NOT_ALLOWED"},
		"/api/collaboration/rooms?page=0":             {"GET", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/x":                  {"GET", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/%00":                {"DELETE", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/x/join":             {"POST", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/x/leave":            {"POST", 400, "VALIDATION_ERROR"},
		"/api/collaboration/invitations/x":            {"DELETE", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/public?limit=101":   {"GET", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/public?search=%ff":  {"GET", 400, "VALIDATION_ERROR"},
		"/api/collaboration/rooms/public?search=a%00": {"GET", 400, "VALIDATION_ERROR"},
		room + "/messages?limit=0":                    {"GET", 400, "VALIDATION_ERROR"},
		room + "/messages?before=x":                   {"GET", 400, "VALIDATION_ERROR"},
		room + "/members/x":                           {"DELETE", 400, "VALIDATION_ERROR"},
		room + "/invitations/x":                       {"DELETE", 400, "VALIDATION_ERROR"},
		room + "/messages":                            {"GET", 404, "ROOM_NOT_FOUND"},
	} {
		r := n.call(t, ana, want.method, path, nil)
		require.Equal(t, want.status, r.status, "%s: %s", path, r.body)
		code, _ := r.failure(t)
		require.Equal(t, want.code, code, path)
	}
	fine := n.call(t, ana, http.MethodGet, "/api/generation/history?page=1000000&limit=100&status=COMPLETED&q=%25_", nil)
	require.Equal(t, http.StatusOK, fine.status, fine.body)
	require.Empty(t, s.log.errors())
}

func TestBadTokens(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	for _, header := range []string{
		"", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "Bearer a b", "Bearer " + strings.Repeat("x", 30_000),
		"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIwMWEyMDhiOC00NDNjLTcyNWYtODVhOC1iNmEwNjZkMjZjYzkifQ.", "Bearer dev-token",
	} {
		h := http.Header{}
		if header != "" {
			h.Set("Authorization", header)
		}
		r := n.send(t, person{}, http.MethodGet, "/api/auth/profile", nil, h)
		require.Equal(t, http.StatusUnauthorized, r.status, "%.40s", header)
		require.NotEmpty(t, r.header.Get("WWW-Authenticate"))
		r.failure(t)
		require.NotContains(t, r.body, "jwt")
	}
	require.Empty(t, s.log.errors())
}

// Security headers are on every answer, and a request id is taken over only if
// it looks like one.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}, env: []string{"FRONTEND_URL=https://app.example.com"}})
	for _, path := range []string{"/", "/health", "/nothing", "/api/auth/profile"} {
		h := n.send(t, person{}, http.MethodGet, path, nil, http.Header{"X-Request-Id": {"<script>alert(1)</script>"}, "Origin": {"https://evil.example.com"}}).header
		require.Contains(t, h.Get("Content-Security-Policy"), "frame-ancestors 'none'", path)
		require.NotContains(t, h.Get("Content-Security-Policy"), "unsafe", path)
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		require.Regexp(t, `^[0-9a-f-]{36}$`, h.Get("X-Request-Id"), path)
		require.Empty(t, h.Get("Access-Control-Allow-Origin"), path)
	}
	own := n.send(t, person{}, http.MethodGet, "/health", nil, http.Header{"X-Request-Id": {"my-request-1234"}, "Origin": {"https://app.example.com"}}).header
	require.Equal(t, "my-request-1234", own.Get("X-Request-Id"))
	require.Equal(t, "https://app.example.com", own.Get("Access-Control-Allow-Origin"))
}

func TestHealth(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	api := s.boot(t, bootOptions{role: app.Role{API: true}})
	var body struct {
		Status   string            `json:"status"`
		Version  string            `json:"version"`
		Services map[string]string `json:"services"`
	}
	r := api.call(t, person{}, http.MethodGet, "/health", nil)
	require.Equal(t, http.StatusOK, r.status)
	require.NoError(t, json.Unmarshal([]byte(r.body), &body))
	require.Equal(t, "degraded", body.Status, "nobody works")
	require.Equal(t, map[string]string{"database": "ok", "events": "ok", "workers": "down"}, body.Services)
	worker := s.boot(t, bootOptions{role: app.Role{Worker: true}})
	for _, path := range []string{"/livez", "/readyz", "/health"} {
		require.Equal(t, http.StatusOK, worker.call(t, person{}, http.MethodGet, path, nil).status, path)
	}
	require.Eventually(t, func() bool {
		return strings.Contains(api.call(t, person{}, http.MethodGet, "/health", nil).body, `"status":"ok"`)
	}, patient, 100e6)
}
