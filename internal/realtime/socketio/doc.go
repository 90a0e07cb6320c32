// Package socketio is a server of the Socket.IO protocol, version 5, for the
// unmodified socket.io-client of version 3 or 4.
//
// The protocol: https://github.com/socketio/socket.io-protocol
// and below it: https://github.com/socketio/engine.io-protocol
//
// Its layers, from the bottom:
//
//   - engineio: payloads and packets, the two transports and the change from
//     one to the other, heartbeats, and the queue of what waits for a client. A
//     Session there is one client's connection.
//   - packets (packet.go, encode.go, values.go): the text form of events,
//     acknowledgements and connects, and the binaries that travel beside it.
//   - conn: the packets of one session, shared out to its sockets, one for each
//     namespace that the client has joined.
//   - Socket and Namespace: handlers, rooms, acknowledgements.
//
// What a client sends is handled in order, by one goroutine per socket that
// exists only while there is something to do. Handlers may therefore block, for
// a database for example, without holding up heartbeats; how much may wait for
// them is limited. What is sent to a client is queued and never blocks; how
// much may wait is limited too (SendLatest says what happens beyond).
//
// A broadcast is encoded once: EncodeEvent makes a Packet in the form in which
// it is written to the WebSockets of all receivers.
//
//	srv := socketio.New(socketio.Options{})
//	chat := srv.Of("/")
//	chat.Authorize(func(s *socketio.Socket) error {
//		var auth struct{ Token string }
//		if json.Unmarshal(s.Auth(), &auth) != nil || auth.Token != "secret" {
//			return &socketio.ConnectError{Message: "not authorized"}
//		}
//		return nil
//	})
//	chat.OnConnect(func(s *socketio.Socket) { s.Join("lobby") })
//	chat.On("say", func(s *socketio.Socket, e *socketio.Event) {
//		_ = chat.To("lobby").Except(s).Emit("said", e.Args[0])
//		_ = e.Ack("ok")
//	})
//	http.Handle("/socket.io/", srv)
package socketio
