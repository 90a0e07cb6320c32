package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"son1k/bench/child"
)

// Redis is a private server, reached over a unix socket only, that keeps an
// append-only file.
type Redis struct {
	dir   string
	child *child.Child
}

// StartRedis starts a server with an empty data set. Unless compact is set, its
// append-only file only grows, so that what is appended can be told.
func StartRedis(ctx context.Context, compact bool) (*Redis, error) {
	dir, err := os.MkdirTemp("", "son1k-bench-redis-")
	if err != nil {
		return nil, fmt.Errorf("server: redis: %w", err)
	}
	r := &Redis{dir: dir}
	args := []string{
		"--port", "0", "--unixsocket", r.Socket(), "--dir", dir,
		"--appendonly", "yes", "--appendfsync", "everysec", "--save", "",
	}
	if !compact {
		args = append(args, "--auto-aof-rewrite-percentage", "0")
	}
	if r.child, err = child.Start(exec.Command("redis-server", args...)); err != nil {
		return nil, errors.Join(fmt.Errorf("server: redis: %w", err), os.RemoveAll(dir))
	}
	if err := r.ready(ctx); err != nil {
		r.Stop()
		return nil, err
	}
	return r, nil
}

// Socket is the path of its socket.
func (r *Redis) Socket() string { return filepath.Join(r.dir, "redis.sock") }

// Stop ends the server and removes its data.
func (r *Redis) Stop() {
	r.child.Kill()
	os.RemoveAll(r.dir)
}

const redisPatience = 10 * time.Second

func (r *Redis) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, redisPatience)
	defer cancel()
	for {
		_, err := r.info(ctx, "server")
		if err == nil {
			return nil
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-r.child.Ended():
			return fmt.Errorf("server: redis ended: %s", r.child.Complaint())
		case <-ctx.Done():
			return fmt.Errorf("server: redis does not answer: %w", err)
		}
	}
}

// Usage is what the server has spent since it was started.
func (r *Redis) Usage(ctx context.Context) (u Usage, err error) {
	info, err := r.info(ctx, "persistence")
	if err != nil {
		return u, err
	}
	if u.Log, err = strconv.ParseInt(info["aof_current_size"], 10, 64); err != nil {
		return u, fmt.Errorf("server: redis: size of the append-only file: %w", err)
	}
	u.CPU, err = treeCPU(r.child.PID())
	return u, err
}

// Version is that of the server.
func (r *Redis) Version(ctx context.Context) (string, error) {
	info, err := r.info(ctx, "server")
	return info["redis_version"], err
}

// AboutRedis tells the version of the server on this machine and how it is
// configured.
func AboutRedis(ctx context.Context) string {
	version := "unknown"
	if r, err := StartRedis(ctx, false); err == nil {
		defer r.Stop()
		if v, err := r.Version(ctx); err == nil {
			version = v
		}
	}
	return version + ", appendonly yes, appendfsync everysec, no snapshots, over a unix socket"
}

// info asks for a section of the server's figures.
func (r *Redis) info(ctx context.Context, section string) (map[string]string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", r.Socket())
	if err != nil {
		return nil, fmt.Errorf("server: redis: %w", err)
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.SetDeadline(deadline)
	}
	if _, err := fmt.Fprintf(conn, "INFO %s\r\n", section); err != nil {
		return nil, fmt.Errorf("server: redis: %w", err)
	}
	in := bufio.NewReader(conn)
	head, err := in.ReadString('\n')
	if err != nil {
		return nil, fmt.Errorf("server: redis: %w", err)
	}
	size, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(head, "$")))
	if err != nil {
		return nil, fmt.Errorf("server: redis: it says %q", head)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(in, body); err != nil {
		return nil, fmt.Errorf("server: redis: %w", err)
	}
	info := make(map[string]string)
	for line := range strings.SplitSeq(string(body), "\r\n") {
		if key, value, ok := strings.Cut(line, ":"); ok {
			info[key] = value
		}
	}
	return info, nil
}
