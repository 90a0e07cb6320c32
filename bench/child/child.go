// Package child starts processes that end when they should.
package child

import (
	"bytes"
	"fmt"
	"os/exec"
	"sync"
)

// Child is a process of ours: it cannot outlive us, and what it has to say is
// kept for whoever wants to know why it ended.
type Child struct {
	cmd       *exec.Cmd
	complaint *tail
	ended     chan struct{}
}

// Start starts a command in a process group of its own, so that a signal
// from the terminal reaches it through us only.
func Start(cmd *exec.Cmd) (*Child, error) {
	c := &Child{cmd: cmd, complaint: new(tail), ended: make(chan struct{})}
	cmd.Stderr = c.complaint
	if cmd.Stdout == nil {
		cmd.Stdout = c.complaint
	}
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Args[0], err)
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its complaint
		close(c.ended)
	}()
	return c, nil
}

// PID is its process id.
func (c *Child) PID() int { return c.cmd.Process.Pid }

// Ended is closed when it has ended.
func (c *Child) Ended() <-chan struct{} { return c.ended }

// Kill ends it and waits for that.
func (c *Child) Kill() {
	_ = c.cmd.Process.Kill() // fails if it has ended already
	<-c.ended
}

// Complaint is the end of what it has written to its standard error, and to its
// standard output if nobody else reads that.
func (c *Child) Complaint() string { return c.complaint.String() }

// tail keeps the last part of what is written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - tailSize; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(bytes.TrimSpace(t.buf))
}
