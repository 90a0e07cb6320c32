package line

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"

	"son1k/bench/child"
)

// Process is a running process. One goroutine at a time may call it.
type Process struct {
	child   *child.Child
	in      io.Writer
	replies *json.Decoder
}

// Start starts a process.
func Start(cmd *exec.Cmd) (*Process, error) {
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	c, err := child.Start(cmd)
	if err != nil {
		return nil, fmt.Errorf("line: %w", err)
	}
	return &Process{c, in, json.NewDecoder(out)}, nil
}

// PID is the process id.
func (p *Process) PID() int { return p.child.PID() }

// Kill ends the process and waits for that.
func (p *Process) Kill() { p.child.Kill() }

// Complaint is the end of what it has written to its standard error.
func (p *Process) Complaint() string { return p.child.Complaint() }

// failure is the answer to a request that has failed.
type failure struct {
	Error string `json:"error"`
}

// Call makes the process do something, which errors call by the name op, and
// reads its answer into reply. If ctx ends first, the process is killed.
func (p *Process) Call(ctx context.Context, op string, request, reply any) error {
	stop := context.AfterFunc(ctx, p.Kill)
	defer stop()
	var raw json.RawMessage
	err := json.NewEncoder(p.in).Encode(request)
	if err == nil {
		err = p.replies.Decode(&raw)
	}
	var failed failure
	if err == nil {
		err = errors.Join(json.Unmarshal(raw, &failed), json.Unmarshal(raw, reply))
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", op, context.Cause(ctx))
	case err != nil:
		p.Kill()
		return fmt.Errorf("%s: the process has ended: %w: %s", op, err, p.child.Complaint())
	case failed.Error != "":
		return errors.New(op + ": " + failed.Error)
	}
	return nil
}
