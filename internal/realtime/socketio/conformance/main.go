// Command conformance serves what the published conformance suites of the
// Engine.IO and Socket.IO protocols expect: an echo below /engine.io/ and the
// events of the Socket.IO suite below /socket.io/. Start it, and run the suites
// with npm test:
//
//	https://github.com/socketio/engine.io-protocol (test-suite)
//	https://github.com/socketio/socket.io-protocol (test-suite)
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"time"

	"son1k/internal/realtime/socketio"
	"son1k/internal/realtime/socketio/engineio"
)

// What the suites count on.
const (
	pingInterval   = 300 * time.Millisecond
	pingTimeout    = 200 * time.Millisecond
	connectTimeout = time.Second
	maxPayload     = 1_000_000
)

func main() {
	listen := flag.String("listen", "localhost:3000", "address")
	flag.Parse()
	mux := http.NewServeMux()
	mux.Handle("/engine.io/", echo())
	mux.Handle("/socket.io/", events())
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func anyOrigin(*http.Request) bool { return true }

// echoer sends everything back.
type echoer struct{ session *engineio.Session }

func echo() http.Handler {
	return engineio.New(engineio.Options{
		PingInterval: pingInterval, PingTimeout: pingTimeout, MaxPayload: maxPayload, CheckOrigin: anyOrigin,
		Open: func(s *engineio.Session) engineio.Receiver { return echoer{s} },
	})
}

func (e echoer) Receive(data []byte, binary bool) error {
	if binary {
		e.session.Send(engineio.NewBinary(data))
	} else {
		e.session.Send(engineio.NewText(data))
	}
	return nil
}

func (echoer) Closed(engineio.Reason) {}

func events() http.Handler {
	srv := socketio.New(socketio.Options{
		PingInterval: pingInterval, PingTimeout: pingTimeout, ConnectTimeout: connectTimeout,
		MaxPayload: maxPayload, CheckOrigin: anyOrigin,
	})
	sendAuth := func(s *socketio.Socket) { _ = s.Emit("auth", json.RawMessage(s.Auth())) }
	srv.Of("/custom").OnConnect(sendAuth)
	main := srv.Of("/")
	main.OnConnect(sendAuth)
	main.On("message", func(s *socketio.Socket, e *socketio.Event) {
		_ = s.Emit("message-back", anys(e.Args)...)
	})
	main.On("message-with-ack", func(_ *socketio.Socket, e *socketio.Event) { _ = e.Ack(anys(e.Args)...) })
	return srv
}

func anys(values []socketio.Value) []any {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	return list
}
