// Package realtime is the WebSocket side of the API: it passes the events of a
// user's topics on to the user's sockets.
//
// The protocol is son1k.v1, JSON text frames:
//
//	{"type": …, "id"?: …, "topic"?: …, "seq"?: …, "ts"?: …, "data": …}
//
// A socket authenticates by a one-time ticket in the query of its URL, or by
// an authenticate frame within 5 s. It then follows user:{id} by itself. A
// frame with an id is answered by an ack or an error with the same id.
//
// Each connection has a reader and a writer goroutine and an outbox between
// them and the rest. The outbox is bounded in bytes; a client that does not
// keep up loses progress ticks first and is then closed with 4008, to resume
// by the number of the last event that it saw.
package realtime

// Subprotocol is what clients ask for in Sec-WebSocket-Protocol.
const Subprotocol = "son1k.v1"

// Close codes of the protocol, beside those of RFC 6455.
const (
	CloseSlow         = 4008 // did not read fast enough, or answer a ping; resume
	CloseUnauthorized = 4401 // no, bad or expired credentials
	CloseFlood        = 4429 // too many frames
)
