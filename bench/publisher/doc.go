// Package publisher is the process that publishes Son1k's events in the
// benchmark of its realtime layer. It uses the same packages as an API or
// worker process does and has no sockets of its own.
package publisher
