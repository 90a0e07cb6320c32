// Package crowd is the clients of the realtime benchmark: thousands of
// WebSockets in one process.
//
// They share the machine with what is measured, so they must cost little, and
// the same for every system: one goroutine waits for all sockets at once
// (epoll), reads what there is, and does no more with a message than to look
// for the number of the event. Which events have come to which client, and when,
// is noted; once all are there they are compared with what was sent.
//
// It speaks Son1k's protocol (son1k.v1) and, for the peers, Socket.IO 5 over
// Engine.IO 4 over WebSocket.
package crowd
