package socketio_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio"
)

// Whatever a client sends, the server goes on and forgets it.
func FuzzSession(f *testing.F) {
	f.Add([]byte("40|42[\"message\",1]|421[\"echo\"]|41"))
	f.Add([]byte("40/custom,{}|451-[\"message\",{\"_placeholder\":true,\"num\":0}]|\x00bin|3"))
	f.Add([]byte("40|42[\"ask\",\"x\"]|431[1]|42[\"throw me out\"]|40|42[\"close my connection\"]"))
	f.Add([]byte("40|42[\"join\",\"r\"]|42[\"say\",\"r\",2]|42[\"panic\"]|40"))
	sys := setup(f, socketio.Options{})
	f.Fuzz(func(t *testing.T, script []byte) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ws, _, err := websocket.Dial(ctx, sys.http.URL+"/socket.io/?EIO=4&transport=websocket", nil) //nolint:bodyclose // a WebSocket has none
		require.NoError(t, err)
		for frame := range bytes.SplitSeq(script, []byte("|")) {
			typ := websocket.MessageText
			if len(frame) > 0 && frame[0] == 0 {
				typ = websocket.MessageBinary
			}
			if ws.Write(ctx, typ, frame) != nil {
				break
			}
		}
		_ = ws.CloseNow()
		require.Eventually(t, func() bool { return sys.Stats().Sockets == 0 }, patient, time.Millisecond)
		for len(sys.gone) > 0 {
			<-sys.gone
		}
	})
}
