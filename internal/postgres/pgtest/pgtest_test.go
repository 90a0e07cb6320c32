package pgtest_test

import (
	"testing"
	"time"

	"son1k/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestNew(t *testing.T) {
	for range 20 {
		b := time.Now()
		p := pgtest.New(t)
		t.Log(time.Since(b))
		_ = p
	}
}
