// Package web holds the pages, embedded in the binary: the studio at / and its
// parts under /static/, and the client of the WebSocket protocol for anybody's
// pages at /son1k.js. There is no build step; what is in the folder static is
// what browsers get.
package web

import (
	"embed"
	"io/fs"
	"net/http"
	"strings"
)

//go:embed static
var files embed.FS

// Handler serves the studio at /, its icon, its parts under /static/, and
// /son1k.js.
func Handler() http.Handler {
	static, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is embedded
	}
	assets, err := loadAssets(static)
	if err != nil {
		panic(err) // so are its files
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[assetName(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		a.ServeHTTP(w, r)
	})
}

// assetName is the file that is served at a path.
func assetName(path string) string {
	switch path {
	case "/":
		return "index.html"
	case "/favicon.ico":
		return "favicon.svg" // browsers go by the type
	case "/son1k.js":
		return "son1k.js"
	default:
		name, ok := strings.CutPrefix(path, "/static/")
		if !ok {
			return ""
		}
		return name
	}
}
