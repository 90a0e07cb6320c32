// Package engineio is a server of the Engine.IO protocol, version 4: ordered
// messages both ways between a client and the server, over HTTP long-polling or
// a WebSocket, and from the first to the second without losing any.
//
// The protocol: https://github.com/socketio/engine.io-protocol
//
// A Server is an http.Handler. Each client has a Session with an outbox, which
// either the waiting poll or a writer goroutine empties, whichever transport
// the session has at the moment. A session that has nothing to do costs no
// goroutine while it polls and one, the reader, with a WebSocket: writers start
// when there is something to write and end when it is written. Heartbeats are
// timers.
//
// What arrives goes to the session's Receiver, in order, one at a time.
package engineio
