package main

import (
	"cmp"
	"encoding/json"
	"os"

	"son1k/bench/report"
	"son1k/bench/score"
)

// drawn are the cells of all suites that a chart shows, if they are in the
// results.
func drawn() []string {
	return []string{
		"drain", "enqueue", "batch", "latency-200-p50", "latency-200-p99", "latency-1000-p50", "latency-1000-p99",
		"drain-cpu", "keys", "pinned-ratio", "backlog-many",
		"ephemeral-p50", "ephemeral-p99", "ephemeral-cpu", "durable-p50", "durable-p99",
		"fanout-500-p50", "fanout-500-p99", "fanout-5000-p50", "fanout-5000-p99", "fanout-5000-cpu",
		"idle", "storm", "writes",
	}
}

// draw makes a chart of results and prints them as a table in Markdown.
func draw(results, chart string) error {
	raw, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	var all []score.Result
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	f, err := os.Create(chart)
	if err != nil {
		return err
	}
	defer f.Close()
	return cmp.Or(report.Chart(f, all, drawn()), report.Markdown(os.Stdout, all))
}
