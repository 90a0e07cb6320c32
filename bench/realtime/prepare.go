package realtime

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"syscall"

	"son1k/bench/line"
	"son1k/bench/publisher"
	"son1k/bench/score"
	"son1k/bench/systems"
	"son1k/internal/postgres"
)

// prepare makes the system's template database and asks what the system is.
func (s *Suite) prepare(ctx context.Context, sys *system) (err error) {
	ctx, cancel := context.WithTimeout(ctx, s.sizes.timeout)
	defer cancel()
	url := "/nowhere" // Redis is not asked for anything yet
	if !sys.redis {
		if err := s.postgres.Create(ctx, sys.template(), ""); err != nil {
			return err
		}
		if url, err = s.postgres.DSN(sys.template()); err != nil {
			return err
		}
	}
	if !sys.peer {
		sys.about = score.About{Version: systems.Revision(), Config: fmt.Sprintf(
			"two processes of son1k api with default settings but for a million sockets allowed per address; one that publishes by Ephemeral, or AppendTx and Publish, with a pool of 16; %d accounts", len(s.people.ids))}
		if err := postgres.Migrate(ctx, url, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
			return err
		}
		return s.people.register(ctx, url)
	}
	p, err := line.Start(s.peer(sys, url))
	if err != nil {
		return err
	}
	defer p.Kill()
	var r publisher.Reply
	if err := p.Call(ctx, publisher.Describe, publisher.Request{Op: publisher.Describe}, &r); err != nil {
		return err
	}
	sys.about = score.About{Version: r.Version, Config: r.Config}
	return p.Call(ctx, publisher.Setup, publisher.Request{Op: publisher.Setup}, &r)
}

// allowOpenFiles raises the limit for the processes that are started from here:
// each connection is a file at both of its ends.
func allowOpenFiles() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("limit of open files: %w", err)
	}
	return nil
}
