//go:build !(linux && amd64)

package queue_test

import (
	"errors"
	"time"
)

const canSkew = false

func skewClock(d time.Duration) error {
	if d == 0 {
		return nil
	}
	return errors.New("this platform's clock cannot be skewed for one process")
}
