package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"son1k/bench/child"
)

// Process is a running driver. One goroutine at a time may call it.
type Process struct {
	child   *child.Child
	in      io.Writer
	replies *json.Decoder
}

// Start starts a driver.
func Start(cmd *exec.Cmd) (*Process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	c, err := child.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("driver: %w", err)
	}
	return &Process{c, in, json.NewDecoder(out)}, nil
}

// PID is the driver's process id.
func (p *Process) PID() int { return p.child.PID() }

// Kill ends the driver and waits for that.
func (p *Process) Kill() { p.child.Kill() }

// Call makes the driver do something and waits for its answer. If ctx ends
// first, the driver is killed.
func (p *Process) Call(ctx context.Context, q Request) (Reply, error) {
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	var r Reply
	err := json.NewEncoder(p.in).Encode(q)
	if err == nil {
		err = p.replies.Decode(&r)
	}
	switch {
	case ctx.Err() != nil:
		return r, fmt.Errorf("%s: %w", q.Op, context.Cause(ctx))
	case err != nil:
		p.Kill()
		return r, fmt.Errorf("%s: the driver has ended: %w: %s", q.Op, err, p.child.Complaint())
	case r.Error != "":
		return r, errors.New(q.Op + ": " + r.Error)
	}
	return r, nil
}
