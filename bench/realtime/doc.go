// Package realtime compares Son1k's realtime layer with its peers.
//
// Every measurement has two replicas of a system, processes as in production,
// over an empty database or Redis of their own; somebody who publishes (package
// publisher, or a replica itself); and a crowd of clients (package crowd). Cells
// are written once, in terms of these.
package realtime
