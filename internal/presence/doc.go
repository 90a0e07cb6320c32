// Package presence knows who is connected where, on all replicas.
//
// A place is a room, say, and a subject a user; a user with three tabs is there
// three times. Each replica counts its own sockets in memory and writes a row of
// events.presence per place and subject. What changes while a write is under
// way shares the next, so a thousand people who come at once cost a few
// statements. No write is for a socket's being alive: there is one heartbeat a
// replica, of one row, and no notification.
//
// A replica whose heartbeat stops is swept away by the others within
// Silence + Beat. One that was only slow finds that out at its next
// heartbeat and reports everything anew; the same happens when the tables are
// empty after a crash of the server, for they are unlogged. A replica that is
// stopped leaves its rows for a while: its clients come back on another replica
// meanwhile, and nobody is told that they have left.
//
// The same counts limit how many sockets a user or an address has on all
// replicas together.
package presence

import (
	"encoding/json"
	"time"
)

const (
	// Beat is the time between two heartbeats of a replica.
	Beat = 3 * time.Second
	// Silence is how long a replica may be silent before it counts as dead.
	Silence = 10 * time.Second
	// Linger is how long somebody whose connection broke counts as present, to
	// come back: a page that is loaded again, a train in a tunnel.
	Linger = 5 * time.Second
)

// Enough is the number of members beyond which a Change no longer counts them.
const Enough = 201

// sockets is the place where connections are counted.
const sockets = "sockets"

// Change is the coming or going of a subject, seen over all replicas.
type Change struct {
	Scope   string
	Subject string
	Info    json.RawMessage
	Here    bool // has come; else has gone
	Present int  // members of the place now, at most Enough; 0 if not known
}

// Place is who is at a place.
type Place struct {
	Scope string
	Total int
	Infos json.RawMessage // a JSON array of the infos of the first so many, by subject
}
