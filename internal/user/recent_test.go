package user

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// counting is a load that counts its calls.
type counting struct {
	mu    sync.Mutex
	calls int
	err   error
}

func (c *counting) load(context.Context, string) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	return c.calls, c.err
}

func TestRecentKeepsForTTL(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var c counting
	r := newRecent(3*time.Second, 10, func() time.Time { return now }, c.load)
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {2 * time.Second, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {time.Hour, 3}} {
		now = now.Add(step.after)
		got, err := r.get(t.Context(), "key")
		require.NoError(t, err)
		require.Equal(t, step.want, got)
	}
	r.forget("key")
	got, err := r.get(t.Context(), "key")
	require.NoError(t, err)
	require.Equal(t, 4, got)
}

func TestRecentForgetsErrors(t *testing.T) {
	t.Parallel()
	c := counting{err: errors.New("no database")}
	r := newRecent(time.Hour, 10, time.Now, c.load)
	_, err := r.get(t.Context(), "key")
	require.ErrorIs(t, err, c.err)
	c.err = nil
	_, err = r.get(t.Context(), "key")
	require.NoError(t, err)
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var c counting
	r := newRecent(time.Second, 10, func() time.Time { return now }, c.load)
	for i := range 1000 {
		now = now.Add(20 * time.Millisecond)
		key := fmt.Sprint(i)
		_, err := r.get(t.Context(), key)
		require.NoError(t, err)
		require.LessOrEqual(t, len(r.entries), 10)
		require.Contains(t, r.entries, key)
	}
}

func TestRecentSharesOneLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counting
		proceed := make(chan struct{})
		r := newRecent(time.Hour, 10, time.Now, func(ctx context.Context, key string) (int, error) {
			<-proceed
			return c.load(ctx, key)
		})
		impatient, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.get(impatient, "key")
			require.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait() // the impatient one has started the load
		for range 20 {
			wg.Go(func() {
				got, err := r.get(t.Context(), "key")
				require.NoError(t, err)
				require.Equal(t, 1, got)
			})
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(proceed)
		wg.Wait()
		require.Equal(t, 1, c.calls)
	})
}

// TestRecentForgetDuringLoad: what was loaded before a change is not kept.
func TestRecentForgetDuringLoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c counting
		proceed := make(chan struct{})
		r := newRecent(time.Hour, 10, time.Now, func(ctx context.Context, key string) (int, error) {
			n, err := c.load(ctx, key)
			if n == 1 {
				<-proceed
			}
			return n, err
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := r.get(t.Context(), "key")
			require.NoError(t, err)
		})
		synctest.Wait()
		r.forget("key")
		fresh, err := r.get(t.Context(), "key")
		require.NoError(t, err)
		require.Equal(t, 2, fresh)
		close(proceed)
		wg.Wait()
		got, err := r.get(t.Context(), "key")
		require.NoError(t, err)
		require.Equal(t, 2, got)
	})
}
