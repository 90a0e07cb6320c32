package engineio

import (
	"net/http"
	"net/url"
	"strings"
)

// Request is what is kept of the request that opened a session.
type Request struct {
	Header     http.Header // without what belongs to the connection, see skipHeader
	Query      url.Values  // without the protocol's own parameters
	Host       string
	RemoteAddr string
}

// newRequest copies: the strings of a request share their memory with the rest
// of it, and sessions live long.
func newRequest(r *http.Request, query url.Values) Request {
	kept := Request{Host: strings.Clone(r.Host), RemoteAddr: r.RemoteAddr}
	for name, values := range r.Header {
		if skipHeader(name) {
			continue
		}
		if kept.Header == nil {
			kept.Header = make(http.Header)
		}
		kept.Header[strings.Clone(name)] = clone(values)
	}
	for name, values := range query {
		switch name {
		case "EIO", "transport", "t", "sid":
			continue
		}
		if kept.Query == nil {
			kept.Query = make(url.Values)
		}
		kept.Query[strings.Clone(name)] = clone(values)
	}
	return kept
}

func skipHeader(name string) bool {
	switch name {
	case "Connection", "Upgrade", "Accept", "Accept-Encoding", "Cache-Control", "Pragma":
		return true
	}
	return strings.HasPrefix(name, "Sec-")
}

func clone(values []string) []string {
	cloned := make([]string, len(values))
	for i, v := range values {
		cloned[i] = strings.Clone(v)
	}
	return cloned
}
