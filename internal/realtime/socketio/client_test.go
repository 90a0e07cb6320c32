package socketio_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/realtime/socketio"
)

const nodeDir = "testdata/node"

// transports are the ways in which the real client is used; by default it polls
// and upgrades.
func transports() []string { return []string{"default", "polling", "websocket"} }

// client is the real socket.io-client, playing scenarios of scenarios.js.
type client struct {
	t      testing.TB
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr bytes.Buffer
}

func play(t testing.TB, scenarios, url, transports string) *client {
	t.Helper()
	_, err := os.Stat(nodeDir + "/node_modules/socket.io-client")
	require.NoError(t, err, "the packages in %s are missing: run make test, which installs them", nodeDir)
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	t.Cleanup(cancel)
	c := &client{t: t, cmd: exec.CommandContext(ctx, "node", "scenarios.js", scenarios, url, transports)}
	c.cmd.Dir = nodeDir
	c.cmd.Stderr = &c.stderr
	c.stdin, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.stdout = bufio.NewReader(stdout)
	require.NoError(t, c.cmd.Start())
	return c
}

// expect waits for what the client says.
func (c *client) expect(line string) {
	c.t.Helper()
	said, err := c.stdout.ReadString('\n')
	if err != nil {
		c.finish() // knows why
	}
	require.NoError(c.t, err)
	require.Equal(c.t, line+"\n", said)
}

func (c *client) proceed() {
	c.t.Helper()
	_, err := io.WriteString(c.stdin, "\n")
	require.NoError(c.t, err)
}

// finish waits until the client has seen all that it should.
func (c *client) finish() {
	c.t.Helper()
	require.NoError(c.t, c.cmd.Wait(), "%s", &c.stderr)
}

// each runs a test with each way of using the client.
func each(t *testing.T, f func(t *testing.T, transports string)) {
	t.Helper()
	for _, transports := range transports() {
		t.Run(transports, func(t *testing.T) {
			t.Parallel()
			f(t, transports)
		})
	}
}

func TestRealClient(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, transports string) {
		sys := setup(t, socketio.Options{})
		play(t, "events,order,acks,binary,refused,namespaces,rooms,large,reasons,crowd", sys.http.URL, transports).finish()
	})
}

func TestRealClientKeepsTheHeartbeat(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, transports string) {
		sys := setup(t, socketio.Options{PingInterval: 100 * time.Millisecond, PingTimeout: 5 * time.Second})
		play(t, "heartbeat", sys.http.URL, transports).finish()
	})
}

func TestRealClientComesBackAfterARestart(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, transports string) {
		first := newSystem(socketio.Options{})
		server := httptest.NewServer(first)
		address := server.Listener.Addr().String()
		c := play(t, "restart", server.URL, transports)
		c.expect("restart")
		first.Stop()
		server.Close()
		serveAt(t, address, newSystem(socketio.Options{}))
		c.proceed()
		c.finish()
		require.Equal(t, socketio.Reason("server shutting down"), <-first.gone)
	})
}

func serveAt(t *testing.T, address string, sys *system) {
	t.Helper()
	var listener net.Listener
	eventually(t, func() bool {
		l, err := net.Listen("tcp", address)
		listener = l
		return err == nil
	}, "the address is free again")
	server := &http.Server{Handler: sys, ReadHeaderTimeout: patient}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() { sys.Stop(); _ = server.Close(); <-done })
}
