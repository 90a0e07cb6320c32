package httpapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
)

type sample struct {
	Text   string  `json:"text"`
	Count  *int    `json:"count"`
	Flag   bool    `json:"flag"`
	Amount float64 `json:"amount"`
}

func decodeText(body string) (sample, error) {
	req := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	var dst sample
	err := decode(echo.New().NewContext(req, httptest.NewRecorder()), &dst)
	return dst, err
}

func TestDecode(t *testing.T) {
	t.Parallel()
	got, err := decodeText(` {"text":"a","count":3,"flag":true,"amount":1.5} `)
	require.NoError(t, err)
	three := 3
	require.Equal(t, sample{"a", &three, true, 1.5}, got)
}

func TestDecodeSaysWhereTheJSONBreaks(t *testing.T) {
	t.Parallel()
	for body, position := range map[string]string{
		`{"text":"a",}`:              "line 1, column 13",
		"{\n  \"text\": \"é\" oops}": "line 2, column 15",
		`{"text":"a"`:                "line 1, column 11",
		"x":                          "line 1, column 1",
	} {
		_, err := decodeText(body)
		require.ErrorContains(t, err, position, body)
	}
}

// FuzzDecode: whatever comes, there is a value or a clear refusal.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"text":"a","count":3}`, `{}`, `null`, `[]`, `{"text":null}`, `{"Text":"case"}`, `{"text":"a","text":"b"}`,
		"{\"\xff\":1}", `{"count":1e9}`, `{"amount":1e999}`, `{"a":{"b":[1,2]}}`, "\ufeff{}", `{"text":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		_, err := decodeText(body)
		if err == nil {
			return
		}
		var e *apperr.Error
		require.True(t, errors.As(err, &e), "%v", err)
		require.NotEqual(t, apperr.Internal, e.Kind)
		require.NotEmpty(t, e.Code)
		require.Less(t, len(e.Message), 200)
		for _, field := range e.Fields {
			require.True(t, utf8.ValidString(field.Field))
			require.LessOrEqual(t, utf8.RuneCountInString(field.Field), 51)
		}
	})
}

// FuzzAttachment: a title cannot break out of the header.
func FuzzAttachment(f *testing.F) {
	for _, title := range []string{"Song", `a"b`, "ñandú", "../../etc/passwd", "x\r\nSet-Cookie: a=b", "", "\x00", strings.Repeat("é", 300)} {
		f.Add(title)
	}
	f.Fuzz(func(t *testing.T, title string) {
		value := attachment(title, "audio/flac")
		require.True(t, strings.HasPrefix(value, "attachment"), "%q", value)
		require.NotContains(t, value, "\n")
		require.NotContains(t, value, "\r")
	})
}

func TestEveryKindHasAStatus(t *testing.T) {
	t.Parallel()
	seen := map[int]apperr.Kind{}
	for k := apperr.Internal; k <= apperr.Unavailable; k++ {
		status := statusOf(k)
		require.NotContains(t, seen, status, "two kinds with one status")
		seen[status] = k
	}
	require.Equal(t, apperr.Internal, seen[http.StatusInternalServerError])
}

func TestInternalErrorsGiveNothingAway(t *testing.T) {
	t.Parallel()
	e := apperr.From(errors.New("password=hunter2 at 10.0.0.1"))
	body, err := json.Marshal(errorBody{Code: e.Code, Message: e.Message})
	require.NoError(t, err)
	require.NotContains(t, string(body), "hunter2")
}

func TestLoopbackHosts(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "localhost:3001": true, "127.0.0.1:3001": true, "127.9.9.9": true, "[::1]:3001": true, "::1": true,
		"localhost.evil.example": false, "evil.example:3001": false, "0.0.0.0:3001": false, "10.0.0.1": false, "": false, "LOCALHOST.": false,
	} {
		require.Equal(t, want, isLoopbackHost(host), host)
	}
}
