package socketio_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	w := sys.dial(t)
	w.send(`40{"token":"123"}`)
	require.Regexp(t, `^40\{"sid":"[\w-]{20}"\}$`, w.next())
	require.Equal(t, `42["auth",{"token":"123"}]`, w.next())
	w.send(`40/custom,{"token":"abc"}`)
	require.Regexp(t, `^40/custom,\{"sid":"[\w-]{20}"\}$`, w.next())
	require.Equal(t, `42/custom,["auth",{"token":"abc"}]`, w.next())
	w.send(`40/random`)
	require.Equal(t, `44/random,{"message":"Invalid namespace"}`, w.next())
	require.EqualValues(t, 2, sys.Stats().Sockets)
	w = sys.dial(t)
	w.send(`40/custom`)
	require.Regexp(t, `^40/custom,\{"sid":"[\w-]{20}"\}$`, w.next())
	w = sys.dial(t)
	w.send(`40{"token":"wrong"}`)
	require.Equal(t, `44{"message":"not authorized","data":{"code":"TOKEN"}}`, w.next())
	w.send(`40{"token":5}`) // an error that is not meant for clients
	require.Equal(t, `44{"message":"Internal error"}`, w.next())
	w.send(`40`)
	require.Regexp(t, `^40\{"sid":`, w.next(), "another attempt")
}

// Over HTTP the packets are the same.
func TestPolling(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	_, hello := sys.request(t, "GET", "", "")
	sid := "&sid=" + strings.SplitN(hello, `"`, 5)[3]
	status, body := sys.request(t, "POST", sid, "40")
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "ok", body)
	all := ""
	for !strings.Contains(all, `42["auth",{}]`) {
		_, body = sys.request(t, "GET", sid, "")
		all += body
	}
	_, _ = sys.request(t, "POST", sid, "451-7[\"echo\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==")
	_, body = sys.request(t, "GET", sid, "")
	require.Equal(t, "461-7[{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==", body)
	status, _ = sys.request(t, "POST", sid, "4abc")
	require.Equal(t, http.StatusBadRequest, status)
	status, _ = sys.request(t, "GET", sid, "")
	require.Equal(t, http.StatusBadRequest, status)
	require.Equal(t, socketio.Reason("parse error"), <-sys.gone)
}

func TestEventsAndAcks(t *testing.T) {
	t.Parallel()
	w := setup(t, socketio.Options{}).join(t)
	for _, c := range []struct{ sent, received string }{
		{`42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`},
		{`42["message"]`, `42["message-back"]`},
		{`42[ "message" , "<&>\u2028", 1.50 ]`, `42["message-back","<&>\u2028",1.50]`},
		{`42456["echo",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`},
		{`420["echo"]`, `430[]`},
		{`4212["ask","x"]`, `421["x"]`},
		{`431["answer",2]`, `4312[["answer",2]]`},
		{`450-["message","no binaries"]`, `42["message-back","no binaries"]`},
		{`42["message",{"_placeholder":true,"num":0}]`, `42["message-back",{"_placeholder":true,"num":0}]`},
	} {
		w.send(c.sent)
		require.Equal(t, c.received, w.next(), c.sent)
	}
	w.send(`4399["nobody has asked"]`)
	w.send(`42[5,"an event whose name is a number"]`)
	w.send(`42["no such event"]`)
	w.send(`42["message","last"]`)
	require.Equal(t, `42["message-back","last"]`, w.next())
}

func TestBinaries(t *testing.T) {
	t.Parallel()
	w := setup(t, socketio.Options{}).join(t)
	w.send(`452-["message",{"_placeholder":true,"num":0},{"deep":[{"num":1,"x":0},{ "_placeholder" : true, "num": 1}]}]`)
	w.sendBinary(1, 2, 3)
	w.send("3") // a pong may come in between
	w.sendBinary(4, 5, 6)
	require.Equal(t, `452-["message-back",{"_placeholder":true,"num":0},{"deep":[{"num":1,"x":0},{"_placeholder":true,"num":1}]}]`, w.next())
	require.Equal(t, []byte{1, 2, 3}, w.nextBinary())
	require.Equal(t, []byte{4, 5, 6}, w.nextBinary())
	w.send(`452-789["echo",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`)
	w.sendBinary(1)
	w.sendBinary()
	require.Equal(t, `462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, w.next())
	require.Empty(t, w.nextBinary())
	require.Equal(t, []byte{1}, w.nextBinary())
	w.send(`425["ask","x"]`)
	require.Equal(t, `421["x"]`, w.next())
	w.send(`461-1[{"_placeholder":true,"num":0}]`)
	w.sendBinary(9)
	require.Equal(t, `461-5[[{"_placeholder":true,"num":0}]]`, w.next())
	require.Equal(t, []byte{9}, w.nextBinary())
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{PingInterval: 100 * time.Millisecond})
	w := sys.join(t)
	w.send("41")
	require.Equal(t, socketio.Reason("client namespace disconnect"), <-sys.gone)
	require.Equal(t, "2", w.next(), "the connection lives on")
	w.send("3")
	w.send("40/custom")
	require.Contains(t, w.next(), "40/custom,{")
	require.Equal(t, `42/custom,["auth",{}]`, w.next())
	w.send("41/custom,")
	require.Equal(t, socketio.Reason("client namespace disconnect"), <-sys.gone)
	require.Zero(t, sys.Stats().Sockets)
}

func TestTheServerDisconnects(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{})
	w := sys.join(t)
	w.send(`42["throw me out"]`)
	require.Equal(t, "41", w.next())
	require.Equal(t, socketio.Reason("server namespace disconnect"), <-sys.gone)
	w.send(`42["message","was on its way"]`)
	w.send(`431[]`)
	w.send(`41`)
	w.send("40/custom")
	require.Contains(t, w.next(), "40/custom,{", "the connection lives on")
	require.Equal(t, `42/custom,["auth",{}]`, w.next())
	w.send("40")
	require.Contains(t, w.next(), `40{"sid":`)
	require.Equal(t, `42["auth",{}]`, w.next())
	w.send(`42["close my connection"]`)
	require.ElementsMatch(t, []string{"41", "41/custom,"}, w.closed())
}

// A broken rule of the protocol ends the connection.
func TestViolations(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{MaxAttachments: 2})
	long := strings.Repeat("x", 300)
	for _, packets := range [][]string{
		{"4abc"}, {"4"}, {"47"}, {"42{}"}, {`42abc["message"]`}, {`42["message"`}, {"42"}, {"42null"}, {"42[]"}, {"42[null]"}, {"42[{}]"},
		{`42["message"]x`}, {`42["connect"]`}, {`42["disconnecting"]`}, {`42["newListener"]`}, {`42["` + long + `"]`},
		{`4299999999999999999999["message"]`}, {"43"}, {"431{}"}, {"41{}"}, {"40"}, {`44{"message":"x"}`},
		{`42/custom,["message"]`}, {"41/custom"}, {"40[]"}, {"40null"}, {`40/custom,"x"`}, {"40/" + long},
		{`45["message"]`}, {`45-["message"]`}, {`45x-["message"]`}, {`453-["message"]`}, {`45999999999999-["message"]`},
		{`451-["message",{"_placeholder":true,"num":1}]`}, {`451-["message",{"_placeholder":true,"num":-1}]`},
		{`451-["message",{"_placeholder":true,"num":"0"}]`}, {`451-["message",{"_placeholder":true}]`},
		{`451-["message",{"_placeholder":true,"num":0}]`, `42["message"]`}, // a binary is missing
		{"b:"}, // a binary without an event
	} {
		w := sys.join(t)
		for _, p := range packets {
			if p == "b:" {
				w.sendBinary(1)
				continue
			}
			w.send(p)
		}
		require.Empty(t, w.closed(), "%q", packets)
		require.Equal(t, socketio.Reason("parse error"), <-sys.gone, "%q", packets)
	}
	w := sys.dial(t)
	w.send(`42["message"]`) // before it has connected
	require.Empty(t, w.closed())
}

func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{ConnectTimeout: 50 * time.Millisecond})
	w := sys.join(t)
	idle := sys.dial(t)
	idle.send("40/nowhere")
	require.Len(t, idle.closed(), 1, "it has joined nothing")
	w.send(`42["message"]`)
	require.Equal(t, `42["message-back"]`, w.next(), "it has joined")
	w.send("41")
	<-sys.gone
	w.send("40")
	require.Contains(t, w.next(), `40{"sid"`, "it has joined once; that is enough")
}

// The time that the server takes to authorize is not the client's fault.
func TestASlowAuthorization(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{ConnectTimeout: 20 * time.Millisecond})
	proceed := make(chan struct{})
	sys.Of("/slow").Authorize(func(*socketio.Socket) error { <-proceed; return nil })
	w := sys.dial(t)
	w.send("40/slow,")
	time.Sleep(70 * time.Millisecond)
	close(proceed)
	require.Contains(t, w.next(), `40/slow,{"sid"`)
}

func TestLimits(t *testing.T) {
	t.Parallel()
	sys := setup(t, socketio.Options{MaxNamespaces: 1})
	w := sys.join(t)
	w.send("40/custom")
	require.Equal(t, `44/custom,{"message":"Too many namespaces"}`, w.next())
	w.send("41")
	<-sys.gone
	w.send("40/custom")
	require.Contains(t, w.next(), "40/custom,{")
}
