package realtime

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// The description of both protocols for people and tools, an AsyncAPI 3.0
// document. It is written in pieces: document.json has places for the others.
//
//go:embed asyncapi
var asyncAPI embed.FS

// AsyncAPI serves the document. Its content type is plain JSON, not the one that
// AsyncAPI has registered, so that browsers show it instead of saving it; tools
// recognise the document by its first field.
func AsyncAPI() http.Handler {
	document, err := assembleAsyncAPI()
	if err != nil {
		panic(err) // the pieces are embedded
	}
	sum := sha256.Sum256(document)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("ETag", tag)
		h.Set("Cache-Control", "no-cache") // it changes with the server
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(document))
	})
}

// assembleAsyncAPI puts the pieces in their places, and leaves what people wrote
// in the order in which they wrote it.
func assembleAsyncAPI() ([]byte, error) {
	whole, err := asyncAPI.ReadFile("asyncapi/document.json")
	if err != nil {
		return nil, err
	}
	for _, piece := range []string{"guide.md", "messages.json", "schemas.json"} {
		content, err := asyncAPI.ReadFile("asyncapi/" + piece)
		if err != nil {
			return nil, err
		}
		if piece == "guide.md" {
			if content, err = json.Marshal(string(content)); err != nil {
				return nil, err
			}
		}
		place := []byte(`"` + piece + `"`)
		if n := bytes.Count(whole, place); n != 1 {
			return nil, fmt.Errorf("document.json has %d places for %s", n, piece)
		}
		whole = bytes.Replace(whole, place, content, 1)
	}
	var b bytes.Buffer
	err = json.Indent(&b, whole, "", "  ")
	return b.Bytes(), err
}
