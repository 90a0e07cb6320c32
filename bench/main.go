// Command bench compares Son1k with its peers side by side on one machine, see
// README.md. `bench queue` and `bench realtime` run a suite; `bench report` draws
// results; the rest is what the suites start.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"son1k/bench/crowd"
	"son1k/bench/driver"
	"son1k/bench/publisher"
	"son1k/bench/realtime"
	"son1k/bench/score"
	"son1k/bench/suite"
	"son1k/bench/systems"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	switch {
	case len(args) == 1 && command == "queue":
		return runQueue(ctx)
	case len(args) == 1 && command == "realtime":
		return runRealtime(ctx)
	case len(args) == 1 && command == "crowd":
		return crowd.Serve(ctx, os.Stdin, os.Stdout)
	case len(args) == 2 && command == "publisher":
		return publisher.Serve(ctx, args[1], os.Stdin, os.Stdout)
	case len(args) == 3 && command == "driver":
		sys, err := systems.Open(ctx, args[1], args[2])
		if err != nil {
			return err
		}
		return driver.Serve(ctx, sys, os.Stdin, os.Stdout)
	case len(args) == 3 && command == "report":
		return draw(args[1], args[2])
	}
	return errors.New("usage: bench queue | bench realtime | bench report RESULTS.json CHART.svg")
}

// suiteRun is a suite that can be run.
type suiteRun interface {
	Run(ctx context.Context) error
	Table(w io.Writer) error
	Results() []score.Result
	Meta(ctx context.Context) score.Meta
}

func runQueue(ctx context.Context) error {
	options, err := settings()
	if err != nil {
		return err
	}
	pin, err := pinFor(options.Quick)
	if err != nil {
		return err
	}
	s, err := suite.New(suite.Options{Options: options, PinFor: pin})
	if err != nil {
		return err
	}
	return runSuite(ctx, "queue", s)
}

func runRealtime(ctx context.Context) error {
	options, err := settings()
	if err != nil {
		return err
	}
	s, err := realtime.New(realtime.Options{Options: options, Son1k: "bin/son1k"})
	if err != nil {
		return err
	}
	return runSuite(ctx, "realtime", s)
}

func runSuite(ctx context.Context, name string, s suiteRun) error {
	failed := s.Run(ctx)
	fmt.Println()
	if err := s.Table(os.Stdout); err != nil || ctx.Err() != nil {
		return cmp.Or(err, context.Cause(ctx)) // and an unfinished run replaces no results
	}
	return cmp.Or(write(ctx, name, s), failed)
}
