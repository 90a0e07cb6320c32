package realtime_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

// frame is a message from the server.
type frame struct {
	Type  string          `json:"type"`
	ID    json.RawMessage `json:"id"`
	Topic string          `json:"topic"`
	Seq   int64           `json:"seq"`
	TS    *time.Time      `json:"ts"`
	Data  json.RawMessage `json:"data"`
}

// get reads a field of the frame's data.
func (f frame) get(t testing.TB, field string) any {
	t.Helper()
	var data map[string]any
	require.NoError(t, json.Unmarshal(f.Data, &data), "%s", f.Data)
	return data[field]
}

// client is a well-behaved one.
type client struct {
	*websocket.Conn
	ctx context.Context
}

func (r *replica) open(t testing.TB, query string) client {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	t.Cleanup(cancel)
	ws, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(r.server.URL, "http")+"/ws"+query,
		&websocket.DialOptions{Subprotocols: []string{realtime.Subprotocol}})
	require.NoError(t, err)
	require.Equal(t, realtime.Subprotocol, ws.Subprotocol())
	ws.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = ws.CloseNow() })
	return client{ws, ctx}
}

// join opens a socket with a ticket and awaits the welcome. The frames that
// came before are what was replayed.
func (r *replica) join(t testing.TB, user uuid.UUID, query string) (c client, replayed []frame, welcome frame) {
	t.Helper()
	c = r.open(t, "?ticket="+r.people.ticket(user)+query)
	replayed = c.until(t, "authenticated")
	return c, replayed[:len(replayed)-1], replayed[len(replayed)-1]
}

func (c client) send(t testing.TB, text string) {
	t.Helper()
	require.NoError(t, c.Write(c.ctx, websocket.MessageText, []byte(text)))
}

func (c client) read(t testing.TB) frame {
	t.Helper()
	typ, body, err := c.Read(c.ctx)
	require.NoError(t, err)
	require.Equal(t, websocket.MessageText, typ)
	requireDocumented(t, body)
	var f frame
	require.NoError(t, json.Unmarshal(body, &f), "%s", body)
	return f
}

// until reads frames up to and including the first of a type.
func (c client) until(t testing.TB, typ string) (frames []frame) {
	t.Helper()
	for {
		f := c.read(t)
		frames = append(frames, f)
		if f.Type == typ {
			return frames
		}
	}
}

// ask sends a request and returns the next frame.
func (c client) ask(t testing.TB, text string) frame {
	t.Helper()
	c.send(t, text)
	return c.read(t)
}

// requireError asks for something that is refused.
func (c client) requireError(t testing.TB, text, code string) frame {
	t.Helper()
	f := c.ask(t, text)
	require.Equal(t, "error", f.Type, "%s → %+v", text, f)
	require.Equal(t, code, f.get(t, "code"), text)
	require.NotEmpty(t, f.get(t, "message"))
	return f
}

// requireAlive: the connection still answers.
func (c client) requireAlive(t testing.TB) {
	t.Helper()
	c.send(t, `{"type":"ping","id":"alive"}`)
	for {
		if f := c.read(t); f.Type == "pong" && string(f.ID) == `"alive"` {
			return
		}
	}
}

// requireClosed reads to the end, and returns the reason and what came before.
func (c client) requireClosed(t testing.TB, code websocket.StatusCode) (reason string, before []frame) {
	t.Helper()
	for {
		_, body, err := c.Read(c.ctx)
		if err == nil {
			requireDocumented(t, body)
			var f frame
			require.NoError(t, json.Unmarshal(body, &f))
			before = append(before, f)
			continue
		}
		var ce websocket.CloseError
		require.ErrorAs(t, err, &ce)
		require.Equal(t, code, ce.Code, ce.Reason)
		return ce.Reason, before
	}
}

func seqsOf(frames []frame) (seqs []int64) {
	for _, f := range frames {
		if f.Seq > 0 {
			seqs = append(seqs, f.Seq)
		}
	}
	return seqs
}

func upTo(first, last int64) (seqs []int64) {
	for n := first; n <= last; n++ {
		seqs = append(seqs, n)
	}
	return seqs
}

// rude is a client that does by itself only what the test says: it does not
// read, answer pings, nor say goodbye.
type rude struct {
	net.Conn
	in *bufio.Reader
}

func (r *replica) openRude(t testing.TB, query string) rude {
	t.Helper()
	dialer := net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { _ = syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVBUF, 8<<10) })
	}}
	conn, err := dialer.DialContext(t.Context(), "tcp", r.server.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(patient)))
	_, err = io.WriteString(conn, "GET /ws"+query+" HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
	require.NoError(t, err)
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	return rude{conn, in}
}

// header writes the start of a final frame from a client with a mask of zeros,
// which leaves the payload as it is.
func (c rude) header(t testing.TB, opcode byte, length uint64) {
	t.Helper()
	b := append([]byte{0x80 | opcode, 0x80 | 127}, binary.BigEndian.AppendUint64(nil, length)...)
	if length < 126 {
		b = []byte{0x80 | opcode, 0x80 | byte(length)}
	}
	_, err := c.Write(append(b, 0, 0, 0, 0))
	require.NoError(t, err)
}

// next reads a whole frame; from a server it has no mask.
func (c rude) next(t testing.TB) (opcode byte, payload []byte) {
	t.Helper()
	var head [2]byte
	_, err := io.ReadFull(c.in, head[:])
	require.NoError(t, err)
	length := uint64(head[1])
	if length >= 126 {
		more := make([]byte, map[uint64]int{126: 2, 127: 8}[length])
		_, err = io.ReadFull(c.in, more)
		require.NoError(t, err)
		length = binary.BigEndian.Uint64(append(make([]byte, 8-len(more)), more...))
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(c.in, payload)
	require.NoError(t, err)
	return head[0] & 0xf, payload
}

// requireCode reads up to the close frame.
func (c rude) requireCode(t testing.TB, code websocket.StatusCode) (before []frame) {
	t.Helper()
	for {
		opcode, payload := c.next(t)
		switch opcode {
		case 1:
			var f frame
			require.NoError(t, json.Unmarshal(payload, &f))
			before = append(before, f)
		case 8:
			require.EqualValues(t, code, binary.BigEndian.Uint16(payload), "%s", payload[2:])
			return before
		}
	}
}

func decode(t testing.TB, payload []byte) (f frame) {
	t.Helper()
	require.NoError(t, json.Unmarshal(payload, &f), "%s", payload)
	return f
}
