package app_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/realtime"
	"son1k/internal/realtime/asyncapitest"
)

// contract is the AsyncAPI document, to which the sockets of all tests hold the
// server.
var contract = sync.OnceValues(func() (*asyncapitest.Document, error) { //nolint:gochecknoglobals // compiled once
	w := httptest.NewRecorder()
	realtime.AsyncAPI().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/asyncapi.json", nil))
	return asyncapitest.Parse(w.Body.Bytes())
})

// requireDocumented: the document says that the server may send this.
func requireDocumented(t *testing.T, body []byte) {
	t.Helper()
	document, err := contract()
	require.NoError(t, err)
	require.NoError(t, document.CheckFrame(body))
}

// requireDocumentedEvent is requireDocumented for Socket.IO: an array of name,
// data and place.
func requireDocumentedEvent(t *testing.T, event string) {
	t.Helper()
	document, err := contract()
	require.NoError(t, err)
	require.NoError(t, document.CheckMessage("socketioEvent", []byte(event)))
}

func TestAsyncAPIDocumentIsServed(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{role: app.Role{API: true}})
	r := n.call(t, person{}, http.MethodGet, "/asyncapi.json", nil)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	require.NoError(t, asyncapitest.Validate([]byte(r.body)))
}
