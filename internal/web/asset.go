package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// asset is a file in the forms in which it is served.
type asset struct {
	contentType string
	plain       []byte
	compressed  []byte // gzip; nil if that does not make it smaller
	hash        string
}

// loadAssets reads and compresses every file.
func loadAssets(files fs.FS) (map[string]*asset, error) {
	assets := make(map[string]*asset)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		assets[name], err = newAsset(name, content)
		return err
	})
	return assets, err
}

func newAsset(name string, content []byte) (*asset, error) {
	sum := sha256.Sum256(content)
	a := &asset{contentType: contentTypeOf(name), plain: content, hash: hex.EncodeToString(sum[:8])}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(content); err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	if b.Len() < len(content)*9/10 {
		a.compressed = b.Bytes()
	}
	return a, nil
}

// contentTypeOf does not ask the machine's tables, which differ.
func contentTypeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	default:
		return "text/plain; charset=utf-8" // licences and notes
	}
}

// ServeHTTP answers with the file, or that the caller's copy is still good.
func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, tag := a.plain, a.hash
	h := w.Header()
	h.Add("Vary", "Accept-Encoding") // besides Origin, where other sites may load it
	if a.compressed != nil && acceptsGzip(r.Header.Get("Accept-Encoding")) {
		body, tag = a.compressed, a.hash+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Type", a.contentType)
	h.Set("ETag", `"`+tag+`"`)
	// Names stay the same from version to version, so copies are checked.
	h.Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip reads an Accept-Encoding header (RFC 9110, section 12.5.3).
func acceptsGzip(header string) bool {
	for coding := range strings.SplitSeq(header, ",") {
		name, params, _ := strings.Cut(coding, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		weight, ok := strings.CutPrefix(strings.TrimSpace(params), "q=")
		q, err := strconv.ParseFloat(weight, 64)
		return !ok || (err == nil && q > 0)
	}
	return false
}
