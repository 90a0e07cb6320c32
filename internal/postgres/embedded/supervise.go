package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	minBackoff = 100 * time.Millisecond // before Postgres is started again
	maxBackoff = 5 * time.Second
	soundRun   = 10 * time.Second // after which a death counts as the first again

	upkeepInterval = time.Minute
)

// patience is how long Postgres may take to shut down after a signal.
type patience struct {
	fast      time.Duration // SIGINT: disconnect the clients, write a checkpoint
	immediate time.Duration // SIGQUIT: leave the rest to crash recovery
}

// supervise runs Postgres until ctx ends. If it ends by itself before it was
// ready, that has failed; afterwards it is started again.
func (s *Server) supervise(ctx context.Context, c *cluster, b beginning) {
	runtime.LockOSThread() // see sysProcAttr
	defer runtime.UnlockOSThread()
	launched := sync.OnceFunc(func() { close(b.launched) })
	backoff := minBackoff
	for {
		begin := time.Now()
		err := s.runOnce(ctx, c, launched)
		if ctx.Err() != nil {
			return
		}
		select {
		case <-b.ready:
		case b.failed <- err:
			return
		case <-ctx.Done():
			return
		}
		if time.Since(begin) > soundRun {
			backoff = minBackoff
		}
		s.log.Error("postgres died; starting it again", "error", err, "in", backoff)
		select {
		case <-ctx.Done():
			return
		case <-time.After(backoff):
		}
		backoff = min(2*backoff, maxBackoff)
	}
}

// runOnce starts Postgres, says so, and waits for its end, which it brings about
// when ctx ends.
func (s *Server) runOnce(ctx context.Context, c *cluster, launched func()) error {
	stale, err := c.clearLeftovers(ctx)
	if err != nil {
		return err
	}
	log, err := openLog(c.home.root, c.user)
	if err != nil {
		return err
	}
	defer log.close()
	cmd, err := c.startPostgres(log.file, stale)
	if err != nil {
		return err
	}
	s.pid.Store(int64(cmd.Process.Pid))
	defer s.pid.Store(0)
	launched()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	if err, ended := s.attend(ctx, c, log, exited); ended {
		return fmt.Errorf("postgres ended by itself: %w%s", orStatus(err), log.complaints())
	}
	return s.shutDown(c, cmd.Process, exited)
}

// attend looks after the running server until it ends by itself or ctx ends.
func (s *Server) attend(ctx context.Context, c *cluster, log *logFile, exited <-chan error) (err error, ended bool) {
	upkeep := time.NewTicker(upkeepInterval)
	defer upkeep.Stop()
	for {
		select {
		case err := <-exited:
			return err, true
		case <-ctx.Done():
			return nil, false
		case <-upkeep.C:
			if err := errors.Join(log.bound(), c.home.socket.ensure()); err != nil {
				s.log.Warn("postgres upkeep", "error", err)
			}
		}
	}
}

// startPostgres starts a postmaster. The calling goroutine is locked to its
// thread. The pid stale is one of an earlier postmaster that is no more.
func (c *cluster) startPostgres(log *os.File, stale int) (*exec.Cmd, error) {
	if err := c.freshSocketDir(); err != nil {
		return nil, err
	}
	cmd := exec.Command(c.bin.tool("postgres"))
	data, err := c.onData(cmd, syscall.SIGINT, dataName, c.arguments()...)
	if err != nil {
		return nil, err
	}
	defer data.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if stale != 0 {
		// Postgres refuses to start if the pid in postmaster.pid is in use, be
		// it by an unrelated process (likely in containers, where pids are
		// small). clearLeftovers knows better; this is how pg_ctl says that a
		// pid is not that of a server (CreateLockFile in miscinit.c).
		cmd.Env = append(cmd.Env, "PG_GRANDPARENT_PID="+strconv.Itoa(stale))
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", c.explain(err))
	}
	return cmd, nil
}

// shutDown ends the server, with increasing force, and waits until it has.
func (s *Server) shutDown(c *cluster, p *os.Process, exited <-chan error) error {
	for _, step := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGINT, c.patience.fast}, {syscall.SIGQUIT, c.patience.immediate}} {
		p.Signal(step.signal)
		timer := time.NewTimer(step.wait)
		select {
		case <-exited:
			timer.Stop()
			return nil
		case <-timer.C:
			s.log.Warn("postgres does not stop", "pid", p.Pid, "signal", step.signal.String(), "waited", step.wait)
		}
	}
	p.Kill()
	<-exited
	c.killProcesses()
	return nil
}

func orStatus(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}
