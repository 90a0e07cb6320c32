package app_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
)

// binary builds the real command, once, with the race detector.
var binary = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // built once for all tests
	path := filepath.Join(binaryDir, "son1k")
	out, err := exec.Command("go", "build", "-race", "-o", path, "son1k/cmd/son1k").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build: %w: %s", err, out)
	}
	return path, nil
})

// process is a running son1k.
type process struct {
	node
	cmd  *exec.Cmd
	log  *logBuffer
	out  *logBuffer
	done chan struct{}
}

// spawn starts the real command and waits until it says that it has started.
func spawn(t *testing.T, role string, env ...string) *process {
	t.Helper()
	path, err := binary()
	require.NoError(t, err)
	p := &process{cmd: exec.Command(path, role), log: new(logBuffer), out: new(logBuffer), done: make(chan struct{})}
	p.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOST=127.0.0.1", "LOG_FORMAT=json", "TZ=America/St_Johns", "GORACE=halt_on_error=1"}, env...)
	p.cmd.Stdout = p.out
	stderr, err := p.cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	started := make(chan string, 1)
	go p.follow(stderr, started)
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		select {
		case <-p.done:
		case <-time.After(patient):
			_ = p.cmd.Process.Kill()
			<-p.done
			t.Errorf("%s did not stop: %s", role, p.log)
		}
		if strings.Contains(p.log.String(), "DATA RACE") {
			t.Errorf("%s: %s", role, p.log)
		}
	})
	select {
	case address := <-started:
		p.url = "http://" + address
	case <-p.done:
		require.FailNow(t, "ended early", p.log.String())
	case <-time.After(patient):
		require.FailNow(t, "did not start", p.log.String())
	}
	return p
}

// follow keeps the log and reports the address in its line "started".
func (p *process) follow(stderr io.Reader, started chan<- string) {
	defer close(p.done)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		_, _ = p.log.Write(append(lines.Bytes(), '\n')) // never fails
		var line struct{ Msg, Address string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "started" {
			started <- line.Address
		}
	}
	_ = p.cmd.Wait() // how it ended is looked at by the tests that care
}

func (p *process) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, p.cmd.Process.Kill())
	<-p.done
}

// exit waits for it to end and returns its exit code.
func (p *process) exit(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(patient):
		require.FailNow(t, "did not stop", p.log.String())
	}
	return p.cmd.ProcessState.ExitCode()
}

func (s *system) env(more ...string) []string {
	return append([]string{"DATABASE_URL=" + s.dsn, "JWT_SECRET=" + secret, "PORT=0", "AUTH_LOCAL=true"}, more...)
}

// orders counts how often the processes ordered a song from the provider.
func orders(id uuid.UUID, processes ...*process) int {
	n := 0
	for _, p := range processes {
		for line := range strings.Lines(p.log.String()) {
			if strings.Contains(line, `"msg":"song ordered"`) && strings.Contains(line, id.String()) {
				n++
			}
		}
	}
	return n
}

// A worker is killed in the middle of a song: another completes it, the person
// sees no error, and the provider is asked once.
func TestWorkerKilledInTheMiddleOfASong(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	one := spawn(t, "api", s.env()...)
	two := spawn(t, "api", s.env()...)
	first := spawn(t, "worker", s.env("SYNTH_PACE=4")...)
	ana := s.person(t, &one.node, "ana", "PRO")
	ws := two.dial(t, ana, "")
	song := one.create(t, ana, map[string]any{"prompt": "a long night", "duration": 24, "seed": 3})
	frames := ws.until(t, func(f frame) bool { return f.Data.Progress >= 20 })
	first.kill(t)
	require.Equal(t, 1, orders(song.GenerationID, first))

	second := spawn(t, "worker", s.env()...)
	frames = append(frames, ws.until(t, isFinal)...)
	requireTrueProgress(t, frames)
	final := frames[len(frames)-1]
	require.Equal(t, "generation:complete", final.Type, "%+v", frames)
	v := two.get(t, ana, song.GenerationID)
	require.Equal(t, "completed", v.Status)
	require.Equal(t, 2, v.Attempt)
	requireAudio(t, &one.node, ana, v)
	require.Equal(t, 0, orders(song.GenerationID, second))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM events.log WHERE type = 'generation:complete'"))
	require.Equal(t, 0, s.count(t, "SELECT count(*) FROM events.log WHERE type = 'generation:error'"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM queue.job_completed"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM assets"))
	require.Equal(t, 2, s.count(t, "SELECT sum(used)::int FROM quota_usage"), "one generation, counted for day and month")
}

// Everything is restarted in the middle of a song, with the private Postgres:
// the song goes on where it can and completes.
func TestEverythingRestartedInTheMiddleOfASong(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	env := []string{"SON1K_HOME=" + home, "PORT=0", "SYNTH_PACE=5", "SHUTDOWN_TIMEOUT=6s"}
	server := spawn(t, "serve", env...)
	me := server.localUser(t)
	ws := server.dial(t, me, "")
	song := server.create(t, me, map[string]any{"prompt": "again and again", "duration": 24})
	ws.until(t, func(f frame) bool { return f.Data.Progress >= 15 })
	require.NoError(t, server.cmd.Process.Signal(syscall.SIGTERM))
	for {
		if _, _, err := ws.Read(ws.ctx); err != nil {
			require.Equal(t, websocket.StatusServiceRestart, websocket.CloseStatus(err), "%v", err)
			break
		}
	}
	require.Equal(t, 0, server.exit(t), server.log)

	again := spawn(t, "serve", env...)
	v := again.await(t, again.localUser(t), song.GenerationID, "completed")
	require.Equal(t, 1, v.Attempt, "a graceful stop costs no attempt")
	require.Equal(t, 1, orders(song.GenerationID, server, again))
	requireAudio(t, &again.node, again.localUser(t), v)
}

// localUser signs in as the person at the machine.
func (p *process) localUser(t *testing.T) person {
	t.Helper()
	r := p.send(t, person{}, http.MethodPost, "/api/auth/local", nil, http.Header{})
	require.Equal(t, http.StatusOK, r.status, r.body)
	var session struct {
		AccessToken string `json:"accessToken"`
		User        struct {
			ID   uuid.UUID `json:"id"`
			Tier string    `json:"tier"`
		} `json:"user"`
	}
	r.data(t, &session)
	require.Equal(t, "PREMIUM", session.User.Tier)
	return person{id: session.User.ID, token: session.AccessToken}
}

// Only the person at the machine is signed in without credentials: no foreign
// page, no name that somebody made resolve to this machine, no proxy.
func TestLocalSignIn(t *testing.T) {
	t.Parallel()
	server := spawn(t, "serve", "SON1K_HOME="+filepath.Join(t.TempDir(), "home"), "PORT=0")
	for name, header := range map[string]http.Header{
		"rebound name": {"Host": {"evil.example.com"}},
		"foreign page": {"Origin": {"https://evil.example.com"}},
		"other port":   {"Origin": {"http://127.0.0.1:1"}},
		"cross-site":   {"Sec-Fetch-Site": {"cross-site"}},
		"same-site":    {"Sec-Fetch-Site": {"same-site"}},
		"proxy":        {"X-Forwarded-For": {"127.0.0.1"}},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.url+"/api/auth/local", nil)
		require.NoError(t, err)
		req.Header = header
		if host := header.Get("Host"); host != "" {
			req.Host = host
		}
		res, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusNoContent, res.StatusCode, name)
	}
	open := spawn(t, "serve", "SON1K_HOME="+filepath.Join(t.TempDir(), "open"), "PORT=0", "HOST=0.0.0.0")
	_, port, err := net.SplitHostPort(strings.TrimPrefix(open.url, "http://"))
	require.NoError(t, err)
	open.url = "http://127.0.0.1:" + port
	r := open.send(t, person{}, http.MethodPost, "/api/auth/local", nil, http.Header{})
	require.Equal(t, http.StatusNoContent, r.status, "told to listen elsewhere, it asks for an account")

	me := server.localUser(t)
	require.Contains(t, server.out.String(), "TOKEN=")
	require.NotContains(t, server.log.String(), me.token)
}

// `son1k token` works beside the running server, and prints only the token.
func TestTokenCommand(t *testing.T) {
	t.Parallel()
	home := filepath.Join(t.TempDir(), "home")
	server := spawn(t, "serve", "SON1K_HOME="+home, "PORT=0")
	token := func(args ...string) (string, error) {
		path, err := binary()
		require.NoError(t, err)
		cmd := exec.Command(path, append([]string{"token"}, args...)...)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "SON1K_HOME=" + home}
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	text, err := token("--user", "marta", "--tier", "ENTERPRISE")
	require.NoError(t, err)
	r := server.call(t, person{token: text}, http.MethodGet, "/api/auth/profile", nil)
	require.Equal(t, http.StatusOK, r.status, r.body)
	var profile struct{ Username, Tier string }
	r.data(t, &profile)
	require.Equal(t, "marta", profile.Username)
	require.Equal(t, "ENTERPRISE", profile.Tier)
	_, err = token("--user", "marta", "--tier", "GOLD")
	require.Error(t, err)
}

// A signal that arrives twice, as from a terminal and from a parent that passes
// it on, is one: the process still signs off.
func TestTheSameSignalTwice(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	worker := spawn(t, "worker", s.env()...)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM queue.worker WHERE dead_at IS NULL"))
	for range 2 {
		require.NoError(t, worker.cmd.Process.Signal(syscall.SIGTERM))
	}
	require.Equal(t, 0, worker.exit(t), worker.log)
	require.Zero(t, s.count(t, "SELECT count(*) FROM queue.worker WHERE dead_at IS NULL"))
}
