package queue

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// A job that was snoozed can be back before the worker has forgotten it.
func TestEndOfAClaimDoesNotTouchTheNext(t *testing.T) {
	t.Parallel()
	w := &Worker{running: make(map[int64]held), dropped: make(chan struct{}, 1)}
	var cancelled []int
	first, second := &Job{ID: 1, seq: 5}, &Job{ID: 1, seq: 7}
	w.hold(first, func(error) { cancelled = append(cancelled, 1) })
	w.hold(second, func(error) { cancelled = append(cancelled, 2) })
	w.drop(first)
	require.True(t, w.holds(1, 7))
	require.False(t, w.holds(1, 5))
	w.cancel(1, context.Canceled)
	require.Equal(t, []int{2}, cancelled)
	w.drop(second)
	require.Zero(t, w.Running())
	w.cancel(1, context.Canceled)
	require.Equal(t, []int{2}, cancelled)
}
