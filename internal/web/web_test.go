package web_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/web"
)

var handler = sync.OnceValue(web.Handler) //nolint:gochecknoglobals // it never changes

func get(t *testing.T, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) []byte {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return b
}

func TestFilesHaveTheirType(t *testing.T) {
	t.Parallel()
	for target, contentType := range map[string]string{
		"/":                                      "text/html; charset=utf-8",
		"/favicon.ico":                           "image/svg+xml",
		"/static/favicon.svg":                    "image/svg+xml",
		"/son1k.js":                              "text/javascript; charset=utf-8",
		"/static/js/main.js":                     "text/javascript; charset=utf-8",
		"/static/vendor/htm.js":                  "text/javascript; charset=utf-8",
		"/static/css/base.css":                   "text/css; charset=utf-8",
		"/static/vendor/VENDOR.md":               "text/plain; charset=utf-8",
		"/static/font/bricolage-grotesque.woff2": "font/woff2",
	} {
		res := get(t, target)
		require.Equal(t, http.StatusOK, res.StatusCode, target)
		require.Equal(t, contentType, res.Header.Get("Content-Type"), target)
		require.Empty(t, res.Header.Get("Content-Encoding"), target)
	}
	for _, target := range []string{"/static/", "/static/js", "/static/nothing.js", "/static/../web.go", "/index.html", "/static/js/../../web.go"} {
		require.Equal(t, http.StatusNotFound, get(t, target).StatusCode, target)
	}
}

func TestTextIsCompressedForWhoCanReadIt(t *testing.T) {
	t.Parallel()
	plain := body(t, get(t, "/static/vendor/preact.js"))
	res := get(t, "/static/vendor/preact.js", "Accept-Encoding", "br, gzip;q=0.8")
	require.Equal(t, "gzip", res.Header.Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", res.Header.Get("Vary"))
	compressed := body(t, res)
	require.Less(t, len(compressed), len(plain)/2)
	z, err := gzip.NewReader(bytes.NewReader(compressed))
	require.NoError(t, err)
	unpacked, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Equal(t, plain, unpacked)

	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.0", "identity"} {
		require.Empty(t, get(t, "/static/vendor/preact.js", "Accept-Encoding", accept).Header.Get("Content-Encoding"), accept)
	}
	font := get(t, "/static/font/bricolage-grotesque.woff2", "Accept-Encoding", "gzip")
	require.Empty(t, font.Header.Get("Content-Encoding"), "it is compressed already")
}

func TestACopyIsCheckedByItsContent(t *testing.T) {
	t.Parallel()
	first := get(t, "/static/js/main.js")
	require.Equal(t, "no-cache", first.Header.Get("Cache-Control"))
	tag := first.Header.Get("ETag")
	again := get(t, "/static/js/main.js", "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.StatusCode)
	require.Empty(t, body(t, again))
	require.Equal(t, http.StatusOK, get(t, "/static/js/app.js", "If-None-Match", tag).StatusCode)
	compressed := get(t, "/static/js/main.js", "Accept-Encoding", "gzip", "If-None-Match", tag)
	require.Equal(t, http.StatusOK, compressed.StatusCode, "the compressed form is another one")
}

// The page asks for all modules at once, rather than one layer of imports
// after the other.
func TestEveryModuleIsPreloaded(t *testing.T) {
	t.Parallel()
	page := string(body(t, get(t, "/")))
	require.Equal(t, 1, strings.Count(page, `"/son1k.js"`))
	for _, pattern := range []string{"static/js/*.js", "static/vendor/*.js"} {
		names, err := fs.Glob(os.DirFS("."), pattern)
		require.NoError(t, err)
		require.NotEmpty(t, names)
		for _, name := range names {
			require.Equal(t, 1, strings.Count(page, `"/`+name+`"`), name)
		}
	}
}

// The client is for other people's pages too: it stays small, and it is one
// file, which the studio loads from the same place as everybody.
func TestTheClientIsOneSmallFile(t *testing.T) {
	t.Parallel()
	res := get(t, "/son1k.js", "Accept-Encoding", "gzip")
	require.Equal(t, "no-cache", res.Header.Get("Cache-Control"))
	require.NotEmpty(t, res.Header.Get("ETag"))
	require.Less(t, len(body(t, res)), 6000, "bytes, compressed")
	text := string(body(t, get(t, "/son1k.js")))
	require.NotRegexp(t, `(?m)^import |[^.\w]import\(`, regexp.MustCompile(`(?m)^//.*$`).ReplaceAllString(text, ""))
	require.Contains(t, text, "export class Son1k ")
	err := fs.WalkDir(os.DirFS("static/js"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		require.NotRegexp(t, `(?m)^import .*/static/son1k\.js|^import .*\.\./son1k\.js`, string(body(t, get(t, "/static/js/"+name))), name)
		return nil
	})
	require.NoError(t, err)
}

// The pages load nothing from elsewhere and have no inline code, which the
// Content-Security-Policy would refuse.
func TestFilesStayWithinThePolicy(t *testing.T) {
	t.Parallel()
	elsewhere := regexp.MustCompile(`(?i)(?:src|href|url|import|from|fetch)\s*[=(]?\s*["'(]*(?:https?:)?//[a-z]`)
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*[^>\w])?>[^<]|<style|\sstyle="|\son[a-z]+="|\beval\(|new Function`)
	total := 0
	err := fs.WalkDir(os.DirFS("static"), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) == ".LICENSE" || path.Ext(name) == ".md" {
			return err
		}
		text := string(body(t, get(t, "/static/"+name)))
		require.NotRegexp(t, elsewhere, text, name)
		require.NotContains(t, text, "sourceMappingURL", name)
		if !strings.HasPrefix(name, "vendor/") {
			require.NotRegexp(t, inline, text, name)
		}
		total += len(body(t, get(t, "/static/"+name, "Accept-Encoding", "gzip")))
		return nil
	})
	require.NoError(t, err)
	require.Less(t, total, 150_000, "bytes of the studio, compressed")
}
