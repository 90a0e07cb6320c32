package socketio_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio"
)

// idler is a client of which only a socket is left: it costs next to nothing.
func idler(b *testing.B, address string) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(b, err)
	_, err = io.WriteString(conn, "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"+
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	require.NoError(b, err)
	r := bufio.NewReader(conn)
	resp, err := http.ReadResponse(r, nil)
	require.NoError(b, err)
	require.Equal(b, http.StatusSwitchingProtocols, resp.StatusCode)
	_, err = conn.Write([]byte{0x81, 0x82, 0, 0, 0, 0, '4', '0'})
	require.NoError(b, err)
	var seen strings.Builder
	for !strings.Contains(seen.String(), `42["auth",{}]`) {
		c, err := r.ReadByte()
		require.NoError(b, err)
		seen.WriteByte(c)
	}
	return conn
}

// BenchmarkIdle reports what a connected WebSocket client costs that does
// nothing, without the kernel's part.
func BenchmarkIdle(b *testing.B) {
	const clients = 2000
	for range b.N {
		sys := setup(b, socketio.Options{})
		before := memory()
		conns := make([]net.Conn, clients)
		var dialing sync.WaitGroup
		for part := range slices.Chunk(conns, clients/20) {
			dialing.Go(func() {
				for i := range part {
					part[i] = idler(b, sys.http.Listener.Addr().String())
				}
			})
		}
		dialing.Wait()
		after := memory()
		for _, m := range []struct {
			name          string
			before, after uint64
		}{{"heap", before.HeapAlloc, after.HeapAlloc}, {"stack", before.StackInuse, after.StackInuse}} {
			b.ReportMetric(float64(m.after-m.before)/clients, m.name+"-B/conn")
		}
		b.ReportMetric(float64(runtime.NumGoroutine())/clients, "goroutines/conn")
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
}

func memory() runtime.MemStats {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m
}

// BenchmarkBroadcast sends to rooms of different sizes, whose clients read.
func BenchmarkBroadcast(b *testing.B) {
	for _, clients := range []int{1, 100} {
		b.Run(fmt.Sprintf("%d clients", clients), func(b *testing.B) {
			sys := setup(b, socketio.Options{BufferBytes: 1 << 30})
			for range clients {
				conn := idler(b, sys.http.Listener.Addr().String())
				defer func() { _ = conn.Close() }()
				go func() { _, _ = io.Copy(io.Discard, conn) }()
			}
			p, err := socketio.EncodeEvent("/", "data", strings.Repeat("x", 200))
			require.NoError(b, err)
			for b.Loop() {
				sys.Of("/").To().Send(p)
			}
		})
	}
}
