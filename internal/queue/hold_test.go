package queue

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A job that was snoozed can be back before the worker has forgotten it.
func TestEndOfAClaimDoesNotTouchTheNext(t *testing.T) {
	t.Parallel()
	w := &Worker{running: make(map[int64]*Job), dropped: make(chan struct{}, 1)}
	var cancelled []int
	first := &Job{ID: 1, seq: 5, cancel: func(error) { cancelled = append(cancelled, 1) }}
	second := &Job{ID: 1, seq: 7, cancel: func(error) { cancelled = append(cancelled, 2) }}
	w.hold(first)
	w.hold(second)
	w.drop(first)
	require.Equal(t, []*Job{second}, w.held())
	w.cancel(1, 5, context.Canceled)
	require.Empty(t, cancelled)
	w.cancel(1, 7, context.Canceled)
	w.cancel(1, 0, context.Canceled)
	require.Equal(t, []int{2, 2}, cancelled)
	w.drop(second)
	require.Zero(t, w.Running())
	w.cancel(1, 0, context.Canceled)
	require.Equal(t, []int{2, 2}, cancelled)
}
