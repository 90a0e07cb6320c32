package embedded

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// ctypes are names for "letters as Unicode has them", so that lower('Ñ') is
// 'ñ'; the last one, which knows ASCII only, exists everywhere. Sorting is by
// bytes in any case, which no update of the system's libraries can change.
var ctypes = []string{"C.UTF-8", "en_US.UTF-8", "UTF-8", "C"}

// create makes the data directory. It gets its name when it is complete and on
// disk: one that is there can be trusted.
func (c *cluster) create(ctx context.Context) error {
	c.removeUnfinished()
	for _, ctype := range ctypes {
		unknown, err := c.initdb(ctx, ctype)
		if unknown && ctype != "C" {
			continue
		}
		return err
	}
	return nil
}

const (
	unfinished     = dataName + ".new-"
	initdbPatience = 5 * time.Second // for initdb to tidy up, and for its children to die
)

// removeUnfinished removes what an initdb that was killed has left. It is only
// a matter of disk space, so that failures do not count.
func (c *cluster) removeUnfinished() {
	entries, err := fs.ReadDir(c.home.root.FS(), ".")
	if err != nil {
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), unfinished) {
			c.home.root.RemoveAll(e.Name())
		}
	}
}

// initdb makes the data directory for the given character type. It reports
// whether the system does not know that.
func (c *cluster) initdb(ctx context.Context, ctype string) (unknown bool, err error) {
	root := c.home.root
	dir := unfinished + rand.Text()
	defer func() {
		if err != nil {
			root.RemoveAll(dir)
		}
	}()
	if err := root.Mkdir(dir, 0o700); err != nil {
		return false, fmt.Errorf("data directory: %w", err)
	}
	if err := c.user.give(root, dir); err != nil {
		return false, err
	}
	output, err := c.runInitdb(ctx, dir, ctype)
	if err != nil {
		return strings.Contains(output, "invalid locale name"), err
	}
	if err := root.Rename(dir, dataName); err != nil {
		return false, fmt.Errorf("data directory: %w", err)
	}
	return false, syncDir(root)
}

func (c *cluster) runInitdb(ctx context.Context, dir, ctype string) (output string, err error) {
	args := []string{
		"--username=" + superuser, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8",
		"--locale=C", "--lc-ctype=" + ctype, "--data-checksums", "--no-instructions",
	}
	if c.settings["fsync"] == "off" {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.bin.tool("initdb"))
	data, err := c.onData(cmd, syscall.SIGTERM, dir, args...)
	if err != nil {
		return "", err
	}
	defer data.Close()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) } // it tidies up
	cmd.WaitDelay = initdbPatience
	runtime.LockOSThread() // see sysProcAttr
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil {
		if cmd.Process != nil {
			killGroup(cmd.Process.Pid)
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("initdb: %w", ctx.Err())
		}
		return out.String(), fmt.Errorf("initdb: %w: %s", c.explain(err), bytes.TrimSpace(out.Bytes()))
	}
	return out.String(), nil
}

// killGroup kills the children of an initdb that has ended before they had, and
// waits for them, lest they write on into the directory that is removed. The
// wait has an end because somebody else has to collect them.
func killGroup(leader int) {
	for deadline := time.Now().Add(initdbPatience); time.Now().Before(deadline); time.Sleep(pollInterval) {
		if err := syscall.Kill(-leader, syscall.SIGKILL); err != nil {
			return // all gone
		}
	}
}

// syncDir makes the names in a directory durable.
func syncDir(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", root.Name(), err)
	}
	return nil
}
