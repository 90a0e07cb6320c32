package score

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Meta tells how the results came about.
type Meta struct {
	Date     string            `json:"date"`
	Took     string            `json:"took"`
	Quick    bool              `json:"quick"`
	Rounds   int               `json:"rounds"`
	PinFor   string            `json:"sustained_for,omitempty"`
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

// Meta describes the run so far; the caller adds Servers and Systems.
func (b *Board) Meta(ctx context.Context, o *Options) Meta {
	return Meta{
		Date: b.began.UTC().Format(time.RFC3339), Took: time.Since(b.began).Round(time.Second).String(),
		Quick: o.Quick, Rounds: o.Rounds, Machine: machine(ctx), Notes: b.notes, Failures: b.failures,
	}
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
