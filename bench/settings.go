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

	"son1k/bench/suite"
)

// serverURL is the variable with the connection string of the server. It is the
// one that withpg sets.
const serverURL = "SON1K_TEST_DATABASE_URL"

// settings reads the environment, which is what variables given to make become.
func settings() (o suite.Options, out string, err error) {
	o = suite.Options{
		DSN: os.Getenv(serverURL), NodeDir: "bench/node", Log: os.Stderr,
		Quick: os.Getenv("QUICK") != "" && os.Getenv("QUICK") != "0",
		Only:  list("ONLY"), Systems: list("SYSTEMS"),
	}
	rounds, minutes := "3", "10"
	if o.Quick {
		rounds, minutes = "1", "0.03"
	}
	var err1, err2 error
	o.Rounds, err1 = strconv.Atoi(cmp.Or(os.Getenv("ROUNDS"), rounds))
	pin, err2 := strconv.ParseFloat(cmp.Or(os.Getenv("PIN_MINUTES"), minutes), 64)
	o.PinFor = time.Duration(pin * float64(time.Minute))
	if err := errors.Join(err1, err2); err != nil {
		return o, "", fmt.Errorf("ROUNDS and PIN_MINUTES are numbers: %w", err)
	}
	if o.DSN == "" {
		return o, "", errors.New("no server: run it by make bench SUITE=queue, or set " + serverURL)
	}
	return o, cmp.Or(os.Getenv("OUT"), "bench/results"), nil
}

func list(variable string) []string {
	return strings.FieldsFunc(os.Getenv(variable), func(r rune) bool { return r == ',' || r == ' ' })
}

// write puts the results into files in a directory.
func write(ctx context.Context, s *suite.Suite, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, value := range map[string]any{"queue.json": s.Results(), "queue.meta.json": s.Meta(ctx)} {
		raw, err := json.MarshalIndent(value, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), append(raw, '\n'), 0o644); err != nil {
			return err
		}
	}
	return nil
}
