package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"son1k/bench/score"
)

// serverURL is the variable with the connection string of the server. It is the
// one that withpg sets.
const serverURL = "SON1K_TEST_DATABASE_URL"

// settings reads the environment, which is what variables given to make become.
func settings() (o score.Options, err error) {
	o = score.Options{
		DSN: os.Getenv(serverURL), NodeDir: "bench/node", Log: os.Stderr,
		Quick: os.Getenv("QUICK") != "" && os.Getenv("QUICK") != "0",
		Only:  list("ONLY"), Systems: list("SYSTEMS"),
	}
	rounds := "3"
	if o.Quick {
		rounds = "1"
	}
	if o.Rounds, err = strconv.Atoi(cmp.Or(os.Getenv("ROUNDS"), rounds)); err != nil {
		return o, fmt.Errorf("ROUNDS is a number: %w", err)
	}
	if o.DSN == "" {
		return o, errors.New("no server: run it by make bench SUITE=…, or set " + serverURL)
	}
	return o, nil
}

// pinFor is how long the queue suite sustains load.
func pinFor(quick bool) (time.Duration, error) {
	minutes := "10"
	if quick {
		minutes = "0.03"
	}
	pin, err := strconv.ParseFloat(cmp.Or(os.Getenv("PIN_MINUTES"), minutes), 64)
	if err != nil {
		return 0, fmt.Errorf("PIN_MINUTES is a number: %w", err)
	}
	return time.Duration(pin * float64(time.Minute)), nil
}

func list(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == ',' || r == ' ' })
}

// write puts the results of a suite into files.
func write(ctx context.Context, name string, s suiteRun) error {
	dir := cmp.Or(os.Getenv("OUT"), "bench/results")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for file, value := range map[string]any{name + ".json": s.Results(), name + ".meta.json": s.Meta(ctx)} {
		raw, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
