// Package realtime is the WebSocket side of the API.
//
// A Hub serves the sockets of one process; any replica can serve any client. The
// native protocol is son1k.v1, JSON text frames:
//
//	{"type": …, "id"?: …, "topic"?: …, "seq"?: …, "ts"?: …, "data": …}
//
// asyncapi.json beside this file has every message. Clients of Socket.IO get the
// same by another door (compat.go, and the server in socketio).
//
// From the inside out:
//
//   - session: who a client is, what it follows, its seats in rooms. It knows no
//     protocol; it speaks through a link.
//   - conn and guest: the links, native and Socket.IO.
//   - events.Feed: brings each durable event once and in order, from whichever
//     replica it came; a session subscribes to topics. An event is encoded once
//     for all subscribers of one protocol, WebSocket frame included.
//   - presence.Tracker: who is in which room on all replicas, and how many sockets
//     a person or an address has. places.go tells clients about changes.
//   - Relay: shows rooms how the songs of those present get on.
//
// An idle socket has one goroutine, which reads. What is sent to it waits in an
// outbox; the first frame there starts a writer, which writes all that waits at
// once and ends. So a slow client holds nobody up, and a busy one is written to
// in large pieces. The outbox is bounded in bytes; a client that does not keep
// up loses progress ticks first and is then closed with 4008, to resume by the
// number of the last event that it saw.
//
// Locks are taken in this order: the feed's, a session's gate, an outbox's. A
// session's mu and the hub's locks are leaves.
package realtime

// Subprotocol is what clients ask for in Sec-WebSocket-Protocol.
const Subprotocol = "son1k.v1"

// Close codes of the protocol, beside those of RFC 6455.
const (
	CloseSlow         = 4008 // did not read fast enough, or answer a ping; resume
	CloseUnauthorized = 4401 // no, bad or expired credentials
	CloseFlood        = 4429 // too many frames, or too many sockets
)
