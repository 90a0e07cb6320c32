package app_test

import (
	"os"
	"testing"

	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "son1k-test")
	if err != nil {
		panic(err)
	}
	binaryDir = dir
	code := pgtest.Run(m)
	_ = os.RemoveAll(dir) // a favour to the machine
	os.Exit(code)
}

// binaryDir is where the real command is built.
var binaryDir string //nolint:gochecknoglobals // set once, before any test
