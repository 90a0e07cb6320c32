package driver

import (
	"context"
	"os/exec"

	"son1k/bench/line"
)

// Process is a running driver. One goroutine at a time may call it.
type Process struct{ *line.Process }

// Start starts a driver.
func Start(cmd *exec.Cmd) (*Process, error) {
	p, err := line.Start(cmd)
	return &Process{p}, err
}

// Call makes the driver do something and waits for its answer. If ctx ends
// first, the driver is killed.
func (p *Process) Call(ctx context.Context, q Request) (r Reply, err error) {
	err = p.Process.Call(ctx, q.Op, q, &r)
	return r, err
}
