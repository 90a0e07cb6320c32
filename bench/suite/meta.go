package suite

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"son1k/bench/server"
)

// Meta tells how the results came about.
type Meta struct {
	Date     string            `json:"date"`
	Took     string            `json:"took"`
	Quick    bool              `json:"quick"`
	Rounds   int               `json:"rounds"`
	PinFor   string            `json:"sustained_for"`
	Machine  Machine           `json:"machine"`
	Servers  map[string]string `json:"servers"`
	Systems  map[string]About  `json:"systems"`
	Notes    map[string]string `json:"notes,omitempty"`
	Failures []string          `json:"failures,omitempty"`
}

// Machine is what the measurements ran on.
type Machine struct {
	OS     string `json:"os"`
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	Go     string `json:"go"`
	Node   string `json:"node"`
}

// About is what a system is.
type About struct {
	Version string `json:"version"`
	Config  string `json:"config"`
}

// Meta describes the run so far.
func (s *Suite) Meta(ctx context.Context) Meta {
	m := Meta{
		Date: s.began.UTC().Format(time.RFC3339), Took: time.Since(s.began).Round(time.Second).String(),
		Quick: s.Quick, Rounds: s.Rounds, PinFor: s.PinFor.String(), Machine: machine(ctx),
		Servers: s.servers(ctx), Systems: make(map[string]About), Notes: s.notes, Failures: s.failures,
	}
	for _, sys := range s.systems {
		m.Systems[sys.name] = About{sys.version, sys.config}
	}
	return m
}

func (s *Suite) servers(ctx context.Context) map[string]string {
	servers := make(map[string]string)
	if s.postgres != nil {
		servers["postgres"] = s.postgres.Version + ", default settings but for the number of connections, over a unix socket"
	}
	for _, sys := range s.systems {
		if sys.redis {
			servers["redis"] = redisVersion(ctx) + ", appendonly yes, appendfsync everysec, no snapshots, over a unix socket"
		}
	}
	return servers
}

func redisVersion(ctx context.Context) string {
	r, err := server.StartRedis(ctx, false)
	if err != nil {
		return "unknown"
	}
	defer r.Stop()
	version, err := r.Version(ctx)
	if err != nil {
		return "unknown"
	}
	return version
}

func machine(ctx context.Context) Machine {
	m := Machine{
		OS: field("/etc/os-release", "PRETTY_NAME", "="), CPU: field("/proc/cpuinfo", "model name", ":"),
		Cores: runtime.NumCPU(), Memory: field("/proc/meminfo", "MemTotal", ":"), Go: runtime.Version(),
	}
	if out, err := exec.CommandContext(ctx, "node", "--version").Output(); err == nil {
		m.Node = strings.TrimSpace(string(out))
	}
	return m
}

// field is the value of a key in a file of lines like "key = value".
func field(path, key, separator string) string {
	f, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), separator); ok && strings.TrimSpace(k) == key {
			return strings.Trim(strings.TrimSpace(v), `"`)
		}
	}
	return "unknown"
}
