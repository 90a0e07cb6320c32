package realtime

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"son1k/bench/child"
	"son1k/bench/line"
	"son1k/bench/publisher"
)

// peer is the command of a replica of a peer.
func (s *Suite) peer(sys *system, url string) *exec.Cmd {
	cmd := exec.Command("node", filepath.Join(s.NodeDir, "realtime.js"), sys.name, url)
	cmd.Env = environment("NODE_ENV=production", "JWT_SECRET="+s.people.secret)
	return cmd
}

// startPeer starts a replica of a peer; the first one is the publisher.
func (b *bed) startPeer(ctx context.Context) error {
	p, err := line.Start(b.suite.peer(b.system, b.url))
	if err != nil {
		return err
	}
	if b.publisher == nil {
		b.publisher = p
	}
	b.replicas = append(b.replicas, replica{pid: p.PID(), kill: p.Kill, complaint: p.Complaint})
	var r publisher.Reply
	if err := p.Call(ctx, publisher.Listen, publisher.Request{Op: publisher.Listen}, &r); err != nil {
		return err
	}
	b.replicas[len(b.replicas)-1].port = r.Port
	return nil
}

// startSon1k starts a replica of Son1k: the program as it is.
func (b *bed) startSon1k(ctx context.Context) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	cmd := exec.Command(b.suite.Son1k, "api")
	cmd.Env = environment("DATABASE_URL="+b.url, "JWT_SECRET="+b.suite.people.secret,
		"SOCKETS_PER_IP=1000000", // they are counted as ever, but the crowd has one address
		"HOST=127.0.0.1", "PORT="+strconv.Itoa(port), "LOG_LEVEL=WARN", "LOG_FORMAT=text")
	c, err := child.Start(cmd)
	if err != nil {
		return err
	}
	b.replicas = append(b.replicas, replica{port: port, pid: c.PID(), kill: c.Kill, complaint: c.Complaint})
	return untilReady(ctx, port, c)
}

// environment is that of a replica. It has no more than what it is given and
// what programs need to be found: settings of whoever runs this are not its.
func environment(settings ...string) []string {
	return append(settings, "PATH="+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
}

// freePort is one that nobody listens on.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

func untilReady(ctx context.Context, port int, c *child.Child) error {
	url := fmt.Sprintf("http://127.0.0.1:%d/readyz", port)
	for {
		if ready(ctx, url) {
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-c.Ended():
			return fmt.Errorf("son1k has ended: %s", c.Complaint())
		case <-ctx.Done():
			return fmt.Errorf("son1k is not ready: %w: %s", context.Cause(ctx), c.Complaint())
		}
	}
}

func ready(ctx context.Context, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
