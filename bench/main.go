// Command bench compares Son1k with its peers side by side on one machine, see
// README.md. `bench queue` runs the suite; `bench driver` is what that starts
// for each system in Go; `bench report` draws results.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"son1k/bench/driver"
	"son1k/bench/report"
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
	switch {
	case len(args) == 1 && args[0] == "queue":
		return runQueue(ctx)
	case len(args) == 3 && args[0] == "driver":
		sys, err := systems.Open(ctx, args[1], args[2])
		if err != nil {
			return err
		}
		return driver.Serve(ctx, sys, os.Stdin, os.Stdout)
	}
	if len(args) == 3 && args[0] == "report" {
		return draw(args[1], args[2])
	}
	return errors.New("usage: bench queue | bench report RESULTS.json CHART.svg")
}

// draw makes a chart of results and prints them as a table in Markdown.
func draw(results, chart string) error {
	raw, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	var all []suite.Result
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	f, err := os.Create(chart)
	if err != nil {
		return err
	}
	defer f.Close()
	cells := []string{"drain", "enqueue", "batch", "latency-200-p50", "latency-200-p99", "latency-1000-p50", "latency-1000-p99", "drain-cpu", "keys", "pinned-ratio", "backlog-many"}
	return cmp.Or(report.Chart(f, all, cells), report.Markdown(os.Stdout, all))
}

func runQueue(ctx context.Context) error {
	options, out, err := settings()
	if err != nil {
		return err
	}
	s, err := suite.New(options)
	if err != nil {
		return err
	}
	failed := s.Run(ctx)
	fmt.Println()
	if err := s.Table(os.Stdout); err != nil || ctx.Err() != nil {
		return cmp.Or(err, context.Cause(ctx)) // and an unfinished run replaces no results
	}
	return cmp.Or(write(ctx, s, out), failed)
}
