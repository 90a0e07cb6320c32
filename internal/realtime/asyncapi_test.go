package realtime_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
	"son1k/internal/realtime/asyncapitest"
)

// foreign are the schemas of what other packages make. Tests of this package
// make it up; those of internal/app hold the real ones to the document.
var foreign = []string{ //nolint:gochecknoglobals // a constant table
	"ChatMessage", "GenerationProgress", "Member", "Room", "RoomNotification", "SystemNotification",
}

// madeUp are the types of events that only tests have, or publish in their own
// way.
var madeUp = []string{"song", "tick", "mark", "end", "said", "gossip", "generation:complete"} //nolint:gochecknoglobals // a constant table

// asyncAPI is the document as it is served.
func asyncAPI() []byte {
	w := httptest.NewRecorder()
	realtime.AsyncAPI().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/asyncapi.json", nil))
	return w.Body.Bytes()
}

// contract is the document that the clients of all tests hold the server to.
var contract = sync.OnceValues(func() (*asyncapitest.Document, error) { //nolint:gochecknoglobals // compiled once
	return asyncapitest.Parse(asyncAPI(), foreign...)
})

// requireDocumented: the document says that the server may send this.
func requireDocumented(t testing.TB, body []byte) {
	t.Helper()
	var head struct{ Type string }
	require.NoError(t, json.Unmarshal(body, &head), "%s", body)
	if slices.Contains(madeUp, head.Type) {
		return
	}
	document, err := contract()
	require.NoError(t, err)
	require.NoError(t, document.CheckFrame(body))
}

func TestAsyncAPIDocumentIsValid(t *testing.T) {
	t.Parallel()
	raw := asyncAPI()
	require.NoError(t, asyncapitest.Validate(raw))
	document, err := asyncapitest.Parse(raw)
	require.NoError(t, err)
	require.NoError(t, document.CheckExamples())
	require.NoError(t, document.CheckReferences())
}

func TestAsyncAPIDocumentIsSentOnce(t *testing.T) {
	t.Parallel()
	get := func(tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/asyncapi.json", nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		realtime.AsyncAPI().ServeHTTP(w, r)
		return w
	}
	first := get(`"another"`)
	require.Equal(t, http.StatusOK, first.Code)
	require.Equal(t, "application/json", first.Header().Get("Content-Type"))
	require.NotEmpty(t, first.Header().Get("ETag"))
	again := get(first.Header().Get("ETag"))
	require.Equal(t, http.StatusNotModified, again.Code)
	require.Empty(t, again.Body.String())
}

// The numbers in the document are those in the code.
func TestAsyncAPIDocumentTellsTheLimits(t *testing.T) {
	t.Parallel()
	var document struct {
		Channels map[string]struct {
			Limits map[string]any `json:"x-limits"`
			Closes map[string]any `json:"x-close-codes"`
		}
	}
	require.NoError(t, json.Unmarshal(asyncAPI(), &document))
	l := realtime.DefaultLimits()
	native, socketio := document.Channels["native"], document.Channels["socketio"]
	for name, want := range map[string]float64{
		"authenticateWithinSeconds": l.AuthTimeout.Seconds(), "chatMessagesPerSecond": l.ChatRate, "chatMessagesAtOnce": l.ChatBurst,
		"topicsPerConnection": float64(l.Topics), "pingEverySeconds": l.Ping.Seconds(), "waitingBytes": float64(l.QueueBytes),
	} {
		require.EqualValues(t, want, native.Limits[name], name)
		require.EqualValues(t, want, socketio.Limits[name], name)
	}
	for name, want := range map[string]float64{"frameBytes": float64(l.FrameBytes), "framesPerSecond": l.FrameRate, "framesAtOnce": l.FrameBurst, "pongWithinSeconds": l.Write.Seconds()} {
		require.EqualValues(t, want, native.Limits[name], name)
	}
	for name, want := range map[string]float64{"messageBytes": float64(l.FrameBytes), "eventsPerSecond": l.FrameRate, "eventsAtOnce": l.FrameBurst} {
		require.EqualValues(t, want, socketio.Limits[name], name)
	}
	for _, code := range []int{realtime.CloseSlow, realtime.CloseUnauthorized, realtime.CloseFlood} {
		require.Contains(t, native.Closes, strconv.Itoa(code))
	}
}
