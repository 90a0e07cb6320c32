// Package suite compares Son1k's queue with its peers.
//
// A cell is something to measure. It is written once, in terms of what drivers
// do (package driver), and runs for each system in turn, round after round, in a
// database of its own with processes of its own; the median of the rounds
// counts. What a cell gives are figures, one for each of its rows in the table.
package suite
