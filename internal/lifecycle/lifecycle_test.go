package lifecycle_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"son1k/internal/lifecycle"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// newRunner returns one that works until it is stopped.
func newRunner() *lifecycle.Runner {
	return lifecycle.NewRunner("test", func(ctx context.Context, started func()) {
		started()
		started() // may say it as often as it likes
		<-ctx.Done()
	})
}

func TestRunner(t *testing.T) {
	t.Parallel()
	r := newRunner()
	require.False(t, isClosed(r.Started()))
	require.NoError(t, r.Start(t.Context()))
	<-r.Started()
	require.False(t, isClosed(r.Done()))
	require.ErrorContains(t, r.Start(t.Context()), "already started")
	r.Stop()
	require.True(t, isClosed(r.Done()), "Stop waits")
	r.Stop()
	require.ErrorContains(t, r.Start(t.Context()), "already started or stopped")
}

func TestRunnerStoppedBeforeStart(t *testing.T) {
	t.Parallel()
	r := newRunner()
	r.Stop()
	require.True(t, isClosed(r.Done()))
	require.Error(t, r.Start(t.Context()))
	require.False(t, isClosed(r.Started()))
	r.Stop()
}

// The end of Start's context does not end the run, but its values reach it.
func TestRunnerOutlivesItsContext(t *testing.T) {
	t.Parallel()
	type key struct{}
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
	r := lifecycle.NewRunner("test", func(ctx context.Context, started func()) {
		if ctx.Value(key{}) == "value" {
			started()
		}
		<-ctx.Done()
	})
	require.NoError(t, r.Start(ctx))
	<-r.Started()
	cancel()
	require.False(t, isClosed(r.Done()))
	r.Stop()
}

func TestRunnerDoesNotStartInVain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := newRunner()
	require.ErrorIs(t, r.Start(ctx), context.Canceled)
	require.NoError(t, r.Start(t.Context()), "nothing has happened yet")
	r.Stop()
}

// At whatever moments Start and Stop are called: at most one Start succeeds,
// it runs at most once, and after a Stop nothing runs.
func TestRunnerStress(t *testing.T) {
	t.Parallel()
	for range 500 {
		var runs, running, successes atomic.Int32
		r := lifecycle.NewRunner("test", func(ctx context.Context, started func()) {
			runs.Add(1)
			running.Add(1)
			defer running.Add(-1)
			started()
			<-ctx.Done()
		})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if r.Start(t.Context()) == nil {
					successes.Add(1)
				}
			})
			wg.Go(func() {
				r.Stop()
				if running.Load() != 0 {
					t.Error("it runs after Stop")
				}
			})
		}
		wg.Wait()
		require.LessOrEqual(t, successes.Load(), int32(1))
		require.Equal(t, successes.Load(), runs.Load())
		require.True(t, isClosed(r.Done()))
		require.Error(t, r.Start(t.Context()))
	}
}

// part is a service that notes what happens to it.
type part struct {
	*lifecycle.Runner
	name  string
	notes *notes
	fail  error
}

type notes struct {
	mu   sync.Mutex
	list []string
}

func (n *notes) add(text string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = append(n.list, text)
}

func (p *part) Start(ctx context.Context) error {
	if p.fail != nil {
		return p.fail
	}
	p.notes.add("start " + p.name)
	return p.Runner.Start(ctx)
}

func (p *part) Stop() {
	p.notes.add("stop " + p.name)
	p.Runner.Stop()
}

func newParts(names ...string) (*notes, []*part) {
	n := new(notes)
	var parts []*part
	for _, name := range names {
		parts = append(parts, &part{Runner: newRunner(), name: name, notes: n})
	}
	return n, parts
}

func groupOf(parts []*part) *lifecycle.Group {
	g := new(lifecycle.Group)
	for _, p := range parts {
		g.Add(p)
	}
	return g
}

func TestGroupStopsInReverse(t *testing.T) {
	t.Parallel()
	notes, parts := newParts("a", "b", "c")
	g := groupOf(parts)
	require.NoError(t, g.Start(t.Context()))
	for _, p := range parts {
		require.True(t, isClosed(p.Started()))
	}
	require.Error(t, g.Start(t.Context()))
	g.Stop()
	g.Stop()
	require.Error(t, g.Start(t.Context()))
	require.Equal(t, []string{"start a", "start b", "start c", "stop c", "stop b", "stop a"}, notes.list)
}

func TestGroupStoppedBeforeStart(t *testing.T) {
	t.Parallel()
	notes, parts := newParts("a")
	g := groupOf(parts)
	g.Stop()
	require.Error(t, g.Start(t.Context()))
	require.Empty(t, notes.list)
}

// A start that fails undoes those before it and does not try those after it.
func TestGroupStartFails(t *testing.T) {
	t.Parallel()
	notes, parts := newParts("a", "b", "c", "d")
	parts[2].fail = errors.New("no")
	g := groupOf(parts)
	require.ErrorIs(t, g.Start(t.Context()), parts[2].fail)
	want := []string{"start a", "start b", "stop b", "stop a"}
	require.Equal(t, want, notes.list)
	g.Stop()
	require.Equal(t, want, notes.list)
}

// A service that ends without having started, or that never starts, fails the
// start too.
func TestGroupServiceNeverStarts(t *testing.T) {
	t.Parallel()
	notes, parts := newParts("a", "b")
	parts[1].Runner = lifecycle.NewRunner("b", func(context.Context, func()) {})
	require.ErrorContains(t, groupOf(parts).Start(t.Context()), "ended before it had started")
	require.Equal(t, []string{"start a", "start b", "stop b", "stop a"}, notes.list)

	for _, how := range []string{"its context ends", "stopped"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			_, parts := newParts("a", "b")
			hangs := make(chan struct{})
			parts[1].Runner = lifecycle.NewRunner("b", func(ctx context.Context, _ func()) {
				close(hangs)
				<-ctx.Done()
			})
			g := groupOf(parts)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result := make(chan error)
			go func() { result <- g.Start(ctx) }()
			<-hangs
			if how == "stopped" {
				go g.Stop()
			} else {
				cancel()
			}
			require.ErrorIs(t, <-result, context.Canceled)
			require.True(t, isClosed(parts[0].Done()))
			require.True(t, isClosed(parts[1].Done()))
		})
	}
}

// One that has started and ended at once has started.
func TestGroupServiceEndsAtOnce(t *testing.T) {
	t.Parallel()
	for range 100 {
		g := new(lifecycle.Group)
		g.Add(lifecycle.NewRunner("test", func(_ context.Context, started func()) { started() }))
		require.NoError(t, g.Start(t.Context()))
		g.Stop()
	}
}

// At whatever moments Start and Stop are called, after a Stop nothing runs.
func TestGroupStress(t *testing.T) {
	t.Parallel()
	for i := range 300 {
		notes, parts := newParts("a", "b", "c")
		if i%3 == 0 {
			parts[i%9/3].fail = errors.New("no")
		}
		g := groupOf(parts)
		var wg sync.WaitGroup
		var successes atomic.Int32
		for range 2 {
			wg.Go(func() {
				if g.Start(t.Context()) == nil {
					successes.Add(1)
				}
			})
			wg.Go(func() {
				time.Sleep(time.Duration(i%7) * 10 * time.Microsecond) // only to vary the order
				g.Stop()
			})
		}
		wg.Wait()
		require.LessOrEqual(t, successes.Load(), int32(1))
		requireBalanced(t, notes.list)
	}
}

// requireBalanced: what was started was stopped once, in reverse order.
func requireBalanced(t *testing.T, list []string) {
	t.Helper()
	half := len(list) / 2
	require.Equal(t, 2*half, len(list), list)
	for i := range half {
		require.Equal(t, "start "+string("abc"[i]), list[i])
		require.Equal(t, "stop "+string("abc"[i]), list[len(list)-1-i])
	}
}
