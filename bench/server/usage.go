package server

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Usage is what was spent so far. Differences of it are of interest.
type Usage struct {
	CPU float64 // seconds
	Log int64   // bytes of the write-ahead log or the append-only file
}

// Sub is what was spent between v and u.
func (u Usage) Sub(v Usage) Usage { return Usage{u.CPU - v.CPU, u.Log - v.Log} }

// ticks is the number of clock ticks a second in /proc; it has been 100 on
// every architecture for as long as there was Go (proc(5), sysconf(3)).
const ticks = 100

// CPU is the processor time of a process in seconds, without its children.
func CPU(pid int) (float64, error) {
	s, err := readStat(pid)
	return float64(s.own) / ticks, err
}

// Memory is the resident memory of a process, in bytes.
func Memory(pid int) (int64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, fmt.Errorf("server: memory: %w", err)
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(raw), &size, &resident); err != nil {
		return 0, fmt.Errorf("server: memory: %w", err)
	}
	return resident * int64(os.Getpagesize()), nil
}

// treeCPU is the processor time of a process, of the children that it has now
// and of those that it had.
func treeCPU(pid int) (float64, error) {
	root, err := readStat(pid)
	if err != nil {
		return 0, err
	}
	total := root.own + root.gone
	paths, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0, err
	}
	for _, path := range paths {
		child, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			continue
		}
		if s, err := readStat(child); err == nil && s.parent == pid { // else it has just ended
			total += s.own
		}
	}
	return float64(total) / ticks, nil
}

// stat is what /proc/PID/stat tells, in ticks.
type stat struct {
	parent    int
	own, gone int64 // its own time, that of its children that have ended
}

func readStat(pid int) (s stat, err error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return s, fmt.Errorf("server: processor time: %w", err)
	}
	// The second field, the name, is in brackets and may hold anything.
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	number := func(field int) int64 { // as numbered in proc(5)
		n, e := strconv.ParseInt(fields[field-3], 10, 64)
		if e != nil && err == nil {
			err = fmt.Errorf("server: processor time: %w", e)
		}
		return n
	}
	s = stat{int(number(4)), number(14) + number(15), number(16) + number(17)}
	return s, err
}
