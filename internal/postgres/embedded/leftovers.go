package embedded

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"syscall"
	"time"
)

// clearLeftovers stops what still runs on the data directory from an earlier
// life: a postmaster whose parent was killed, or server processes whose
// postmaster was. It returns the pid in postmaster.pid if that is none of them,
// else 0. We hold the lock of the home directory, so that nobody needs them.
func (c *cluster) clearLeftovers(ctx context.Context) (stale int, err error) {
	content, err := c.home.root.ReadFile(dataName + "/postmaster.pid")
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for an earlier server: %w", err)
	}
	first, _, _ := bytes.Cut(content, []byte("\n"))
	pid, err := strconv.Atoi(string(bytes.TrimSpace(first)))
	if err != nil || pid <= 0 {
		return 0, nil // Postgres says itself what it thinks of it
	}
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, c.patience.fast}, {syscall.SIGQUIT, c.patience.immediate}, {syscall.SIGKILL, c.patience.immediate}} {
		running := c.processes(pid)
		if len(running) == 0 {
			return pid, nil
		}
		c.log.Warn("stopping what is left of an earlier postgres", "pids", running, "signal", step.signal.String())
		for _, p := range running {
			if p == pid || step.signal != syscall.SIGINT { // which means something else to the others
				syscall.Kill(p, step.signal)
			}
		}
		if gone, err := c.awaitGone(ctx, pid, step.wait); gone || err != nil {
			return pid, err
		}
	}
	return 0, fmt.Errorf("an earlier server does not end: processes %v", c.processes(pid))
}

// awaitGone reports whether no process is left, after waiting so long at most.
func (c *cluster) awaitGone(ctx context.Context, postmaster int, atMost time.Duration) (bool, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for deadline := time.Now().Add(atMost); time.Now().Before(deadline); {
		if len(c.processes(postmaster)) == 0 {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("waiting for the end of an earlier server: %w", ctx.Err())
		case <-poll.C:
		}
	}
	return false, nil
}

// killProcesses is the last resort, for children that outlive their postmaster.
func (c *cluster) killProcesses() {
	for _, p := range c.processes(0) {
		syscall.Kill(p, syscall.SIGKILL)
	}
}
