package engineio

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// What can be decoded is the same after it was encoded and decoded again.
func FuzzPayload(f *testing.F) {
	for _, seed := range []string{"4hello\x1ebAQIDBA==", "2probe", "b", "", "\x1e\x1e", "4\xff", "6\x1e1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var packets []packet
		var messages []*Message
		for p, err := range decodePayload(body) {
			if err != nil {
				return
			}
			packets = append(packets, p)
			if p.binary {
				messages = append(messages, NewBinary(p.data))
			} else {
				messages = append(messages, newPacket(p.typ, string(p.data)))
			}
		}
		i := 0
		for p, err := range decodePayload(encodePayload(messages)) {
			require.NoError(t, err)
			require.Equal(t, packets[i].typ, p.typ)
			require.Equal(t, packets[i].binary, p.binary)
			require.True(t, bytes.Equal(packets[i].data, p.data))
			i++
		}
		require.Len(t, packets, i)
	})
}

type parrot struct{ session *Session }

func (p parrot) Receive(data []byte, binary bool) error {
	if binary {
		p.session.Send(NewBinary(data))
	} else {
		p.session.Send(NewText(data))
	}
	return nil
}

func (parrot) Closed(Reason) {}

// Whatever a client sends, by whichever transport, the server goes on.
func FuzzSession(f *testing.F) {
	f.Add([]byte("4hello\x1e3"), []byte("2probe|5|4hello|1"))
	f.Add([]byte("1"), []byte("2probe|4x"))
	f.Add([]byte("4a\x1ebAQ=="), []byte("5|||\xff"))
	server := New(Options{
		Open:         func(s *Session) Receiver { return parrot{s} },
		PingInterval: time.Hour, Log: slog.New(slog.DiscardHandler), MaxPayload: 1000,
	})
	web := httptest.NewServer(server)
	f.Cleanup(web.Close)
	f.Cleanup(server.Stop)
	f.Fuzz(func(t *testing.T, post, frames []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		body := request(ctx, t, "GET", web.URL+"/?EIO=4&transport=polling", nil)
		_, rest, found := strings.Cut(body, `"sid":"`)
		require.True(t, found, "the server does not open sessions any more: %q", body)
		sid := rest[:20]
		request(ctx, t, "POST", web.URL+"/?EIO=4&transport=polling&sid="+sid, post)
		ws, resp, err := websocket.Dial(ctx, web.URL+"/?EIO=4&transport=websocket&sid="+sid, nil)
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		if err != nil {
			return
		}
		for frame := range bytes.SplitSeq(frames, []byte("|")) {
			typ := websocket.MessageText
			if len(frame)%7 == 6 {
				typ = websocket.MessageBinary
			}
			if ws.Write(ctx, typ, frame) != nil {
				break
			}
		}
		_ = ws.CloseNow()
		request(ctx, t, "POST", web.URL+"/?EIO=4&transport=polling&sid="+sid, []byte("1"))
	})
}

func request(ctx context.Context, t *testing.T, method, url string, body []byte) string {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(body))
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(text)
}
