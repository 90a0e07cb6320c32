// Package dba tests what a database administrator has of the queue: the views,
// functions and roles of schema queue, and every recipe of docs/dba.md. It knows
// nothing of the engine in Go.
package dba
