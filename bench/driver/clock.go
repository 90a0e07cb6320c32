package driver

import "golang.org/x/sys/unix"

// now reads the clock that every process of the machine shares, in
// microseconds. The wall clock would do but for its corrections.
func now() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic(err) // cannot happen: every system has it
	}
	return t.Nano() / 1000
}

func since(began int64) float64 { return float64(now()-began) / 1e6 }
