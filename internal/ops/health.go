// Package ops is what operators and their machines ask of a process.
package ops

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Check asks one part of the system whether it works. It must respect ctx.
type Check struct {
	Name string
	// Essential parts decide whether the process is healthy at all; the others
	// only whether it is degraded.
	Essential bool
	Run       func(ctx context.Context) error
}

// HealthConfig says what to check and report.
type HealthConfig struct {
	Version     string
	Environment string
	Checks      []Check
	// Depth counts the waiting and running jobs.
	Depth func(ctx context.Context) (waiting, running int, err error)
}

// Health answers /livez, /readyz and /health.
type Health struct {
	cfg     HealthConfig
	started time.Time
	ready   atomic.Bool

	mu     sync.Mutex
	cached report
	at     time.Time
}

const (
	checkTimeout = 2 * time.Second
	reportLife   = time.Second
)

// NewHealth returns a Health that is not ready yet.
func NewHealth(cfg HealthConfig) *Health {
	return &Health{cfg: cfg, started: time.Now()}
}

// SetReady says whether the process wants requests.
func (h *Health) SetReady(ready bool) { h.ready.Store(ready) }

type report struct {
	Status      string            `json:"status"` // ok, degraded or unhealthy
	Timestamp   time.Time         `json:"timestamp"`
	Version     string            `json:"version"`
	Environment string            `json:"environment"`
	Uptime      int               `json:"uptime"` // seconds
	Services    map[string]string `json:"services"`
	Queue       depth             `json:"queue"`
}

type depth struct {
	Waiting int `json:"waiting"`
	Running int `json:"running"`
}

// Live answers whether the process runs.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, map[string]string{"status": "ok"})
}

// Ready answers whether the process should get requests.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if !h.ready.Load() {
		write(w, http.StatusServiceUnavailable, map[string]string{"status": "not ready"})
		return
	}
	if rep := h.report(r.Context()); rep.Status == "unhealthy" {
		write(w, http.StatusServiceUnavailable, map[string]any{"status": "not ready", "services": rep.Services})
		return
	}
	write(w, http.StatusOK, map[string]string{"status": "ready"})
}

// Report answers how the parts of the system are.
func (h *Health) Report(w http.ResponseWriter, r *http.Request) {
	rep := h.report(r.Context())
	status := http.StatusOK
	if rep.Status == "unhealthy" {
		status = http.StatusServiceUnavailable
	}
	write(w, status, rep)
}

// report checks everything, at most once a second however many ask.
func (h *Health) report(ctx context.Context) report {
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Since(h.at) < reportLife {
		return h.cached
	}
	// Whoever asks first may go away; the answer is for the others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	h.cached, h.at = h.check(ctx), time.Now()
	return h.cached
}

func (h *Health) check(ctx context.Context) report {
	rep := report{
		Status: "ok", Timestamp: time.Now().UTC(), Version: h.cfg.Version, Environment: h.cfg.Environment,
		Uptime: int(time.Since(h.started).Seconds()), Services: make(map[string]string, len(h.cfg.Checks)),
	}
	for _, c := range h.cfg.Checks {
		rep.Services[c.Name] = "ok"
		if c.Run(ctx) == nil {
			continue
		}
		rep.Services[c.Name] = "down"
		switch {
		case c.Essential:
			rep.Status = "unhealthy"
		case rep.Status == "ok":
			rep.Status = "degraded"
		}
	}
	var err error
	rep.Queue.Waiting, rep.Queue.Running, err = h.cfg.Depth(ctx)
	if err != nil {
		rep.Status = "unhealthy"
	}
	return rep
}

func write(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs and maps always marshal
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the peer may be gone
}
