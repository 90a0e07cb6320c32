package presence_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sockets come and go on three replicas while their connections to Postgres are
// terminated again and again. Who is told that he is in is in, who is not is
// not, and in the end the table says just that.
func TestStorm(t *testing.T) {
	t.Parallel()
	const sockets, visits, subjects = 20, 30, 5
	w := newWorld(t)
	rs := w.replicas(t, 3)
	over, stop := context.WithCancel(t.Context())
	terminated := make(chan int, 1)
	go func() { terminated <- w.terminate(over, t) }()

	var mu sync.Mutex
	held, failed := make(map[row]int), 0
	var busy sync.WaitGroup
	for n := range sockets * len(rs) {
		r, subject := rs[n%len(rs)], who(n%subjects)
		busy.Go(func() {
			for visit := range visits {
				err := r.Enter(t.Context(), "room", subject, info(subject))
				if err == nil && (visit < visits-1 || n%2 == 0) {
					r.Exit("room", subject, false)
					continue
				}
				mu.Lock()
				if err != nil {
					failed++
				} else {
					held[r.row("room", subject, 0)]++
				}
				mu.Unlock()
			}
		})
	}
	busy.Wait()
	stop()
	require.Positive(t, <-terminated)
	t.Logf("%d entries failed", failed)
	var want []row
	for r, n := range held {
		r.N = n
		want = append(want, r)
	}
	w.requireRows(t, want...)
}

// terminate breaks the connections of all replicas until ctx ends, and returns
// how many those were.
func (w *world) terminate(ctx context.Context, t testing.TB) (total int) {
	for ctx.Err() == nil {
		var n int
		if err := w.pool.QueryRow(ctx, `SELECT count(pg_terminate_backend(pid)), pg_sleep(0.1) IS NULL FROM pg_stat_activity
			WHERE datname = current_database() AND application_name = 'presence'`).Scan(&n, new(bool)); err != nil && ctx.Err() == nil {
			t.Error(err)
			return total
		}
		total += n
	}
	return total
}
