// Package clock tells a time that all processes of the machine agree on.
package clock

import "golang.org/x/sys/unix"

// Now reads the machine's monotonic clock, in microseconds. The wall clock
// would do but for its corrections.
func Now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // cannot happen: every system has it
	}
	return t.Nano() / 1000
}

// Since is how many seconds have passed since a moment of Now's.
func Since(began int64) float64 { return float64(Now()-began) / 1e6 }
