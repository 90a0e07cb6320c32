package suite

import (
	"os"
	"os/exec"
	"path/filepath"

	"son1k/bench/score"
)

// system is a job queue to measure.
type system struct {
	name  string
	node  bool // its driver is node/driver.js, otherwise this program
	redis bool // it stores its jobs in Redis, otherwise in Postgres

	version, config string // as its driver describes it
	keyed           bool
}

func allSystems() []*system {
	return []*system{
		{name: score.Self},
		{name: "river"},
		{name: "graphile-worker", node: true},
		{name: "pg-boss", node: true},
		{name: "bullmq-redis", node: true, redis: true},
		{name: "bullmq-postgres", node: true},
	}
}

// command is the system's driver, for the server at url.
func (s *system) command(nodeDir, url string) (*exec.Cmd, error) {
	if s.node {
		return exec.Command("node", filepath.Join(nodeDir, "driver.js"), s.name, url), nil
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return exec.Command(program, "driver", s.name, url), nil
}

// template is the database with the system's empty schema.
func (s *system) template() string { return database + "_template_" + s.name }
