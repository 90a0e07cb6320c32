package engineio_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio/engineio"
)

func TestMessagesByPolling(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	for _, payload := range []string{
		"4hello", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA==", "bAQIDBA==", "b", "4", "4zwölf € 😀",
	} {
		r := p.post(payload)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "ok", r.body)
		require.Contains(t, r.header.Get("Content-Type"), "text/html")
		r = p.poll()
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, payload, r.body)
		require.Equal(t, "text/plain; charset=UTF-8", r.header.Get("Content-Type"))
	}
}

func TestAWaitingPollIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	answered := p.beginPoll()
	p.post("4hello")
	require.Equal(t, "4hello", (<-answered).body)
}

func TestMessagesByWebSocket(t *testing.T) {
	t.Parallel()
	c := setup(t, engineio.Options{}).openSocket(t)
	for _, text := range []string{"4hello", "4", "4zwölf € 😀", "4" + strings.Repeat("x", 125), "4" + strings.Repeat("y", 70_000)} {
		c.send(text)
		require.Equal(t, text, c.next())
	}
	for _, n := range []int{0, 4, 125, 126, 65_535, 65_536, 500_000} {
		data := bytes.Repeat([]byte{7}, n)
		require.NoError(t, c.Write(t.Context(), websocket.MessageBinary, data))
		typ, got, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, websocket.MessageBinary, typ)
		require.True(t, bytes.Equal(data, got))
	}
}

// A burst is written in few pieces, in order.
func TestManyMessagesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	c := e.openSocket(t)
	large := strings.Repeat("z", 20_000)
	for i := range 2000 {
		m := engineio.NewText([]byte(strconv.Itoa(i)))
		if i%100 == 0 {
			m = engineio.NewText([]byte(strconv.Itoa(i)+large), []byte{byte(i / 100)})
		}
		e.last().Send(m)
	}
	for i := range 2000 {
		if i%100 != 0 {
			require.Equal(t, "4"+strconv.Itoa(i), c.next())
			continue
		}
		require.Equal(t, "4"+strconv.Itoa(i)+large, c.next())
		_, got, err := c.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, []byte{byte(i / 100)}, got, "binaries follow their text")
	}
	require.EqualValues(t, 2000, e.Stats().Sent)
}

func TestInvalidPackets(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{})
	for _, payload := range []string{"abc", "", "7", "\x1e", "4a\x1e", "4a\x1e\x1e4b", "4\xff", "b*", "b=", "bAQ", "2", "2probe", "😀"} {
		p := e.openPolling(t)
		require.Equal(t, http.StatusBadRequest, p.post(payload).status, "%q", payload)
		require.Equal(t, http.StatusBadRequest, p.poll().status, "%q", payload)
		want := engineio.ParseError
		if strings.HasPrefix(payload, "2") {
			want = engineio.TransportError
		}
		require.Equal(t, want, <-e.gone, "%q", payload)
	}
	for text, code := range map[string]websocket.StatusCode{
		"abc": websocket.StatusProtocolError, "": websocket.StatusProtocolError, "2": websocket.StatusProtocolError,
		"4\xff": websocket.StatusInvalidFramePayloadData,
	} {
		c := e.openSocket(t)
		c.send(text)
		require.Equal(t, code, c.closed(), "%q", text)
		<-e.gone
	}
	require.Zero(t, e.Stats().Sessions)
}

// What is valid before the invalid packet counts; what follows does not.
func TestPacketsBeforeAnInvalidOneAreReceived(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	answered := p.beginPoll()
	require.Equal(t, http.StatusBadRequest, p.post("4a\x1ex\x1e4b").status)
	require.Equal(t, "4a", (<-answered).body)
}

func TestPacketsWithoutMeaningAreIgnored(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	require.Equal(t, http.StatusOK, p.post("0\x1e3\x1e5\x1e6\x1e4x").status)
	require.Equal(t, "4x", p.poll().body)
}

func TestBinaryBodiesBelongToVersion3(t *testing.T) {
	t.Parallel()
	p := setup(t, engineio.Options{}).openPolling(t)
	resp, err := p.client.Post(p.http.URL+"/engine.io/?"+p.query, "application/octet-stream", strings.NewReader("4x"))
	require.NoError(t, err)
	_ = resp.Body.Close()
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
}

func TestMaxPayload(t *testing.T) {
	t.Parallel()
	e := setup(t, engineio.Options{MaxPayload: 1000})
	fits, over := "4"+strings.Repeat("x", 999), "4"+strings.Repeat("x", 1000)
	p := e.openPolling(t)
	require.Equal(t, http.StatusOK, p.post(fits).status)
	require.Equal(t, fits, p.poll().body)
	require.Equal(t, http.StatusRequestEntityTooLarge, p.post(over).status)
	require.Equal(t, http.StatusBadRequest, p.poll().status)
	p = e.openPolling(t)
	require.Equal(t, http.StatusRequestEntityTooLarge, p.post(strings.Repeat("4", 4000)).status)
	c := e.openSocket(t)
	c.send(fits)
	require.Equal(t, fits, c.next())
	c.send(over)
	require.Equal(t, websocket.StatusMessageTooBig, c.closed())
	for range 3 {
		require.Equal(t, engineio.TransportError, <-e.gone)
	}
}
