// Package systems has the job queues in Go that the benchmark compares, each in
// its best documented configuration.
package systems

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"son1k/bench/driver"
)

// Open returns a system by name, for the database at dsn.
func Open(ctx context.Context, name, dsn string) (driver.System, error) {
	switch name {
	case "son1k":
		return openSon1k(ctx, dsn)
	case "river":
		return openRiver(ctx, dsn)
	}
	return nil, fmt.Errorf("systems: no system %q", name)
}

// moduleVersion is the version of a dependency of this binary.
func moduleVersion(path string) string {
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == path {
			return strings.TrimPrefix(m.Version, "v")
		}
	}
	return "unknown"
}

// Revision is the commit that Son1k is built from.
func Revision() string { return revision }

// revision is the commit that Son1k is built from; the linker sets it.
var revision = "unknown"
