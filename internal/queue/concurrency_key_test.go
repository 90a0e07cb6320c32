package queue_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"son1k/internal/notify"
	"son1k/internal/queue"
)

// rarely is a poll too rare to be what makes a test pass.
func rarely(c *queue.WorkerConfig) { c.Poll = time.Hour }

// listening starts a worker that is woken over the database, and hardly polls.
func (r *rig) listening(h queue.Handler, options ...func(*queue.WorkerConfig)) *queue.Worker {
	r.Helper()
	w := r.newWorker(h, append(options, rarely)...)
	l := notify.NewListener(r.pool.Config().ConnString(), slog.New(slog.DiscardHandler))
	w.Listen(l)
	for _, s := range []interface {
		Start(context.Context) error
		Started() <-chan struct{}
		Stop()
	}{w, l} {
		require.NoError(r, s.Start(r.Context()))
		r.Cleanup(s.Stop)
		receive(r, s.Started())
	}
	return w
}

func (r *rig) startSender() {
	r.Helper()
	require.NoError(r, r.sender.Start(r.Context()))
	r.Cleanup(r.sender.Stop)
	receive(r, r.sender.Started())
}

// states are the states of live jobs by key.
func (r *rig) states() map[string]string {
	r.Helper()
	all := make(map[string]string)
	rows, err := r.pool.Query(r.Context(), "SELECT key, state::text FROM queue.job")
	require.NoError(r, err)
	var key, state string
	_, err = pgx.ForEachRow(rows, []any{&key, &state}, func() error { all[key] = state; return nil })
	require.NoError(r, err)
	return all
}

// crowd counts who is inside at once.
type crowd struct {
	mu        sync.Mutex
	now, most map[string]int
	full      map[string]chan struct{} // closed when as many are inside as may be
}

func newCrowd() *crowd {
	return &crowd{now: make(map[string]int), most: make(map[string]int), full: make(map[string]chan struct{})}
}

// enter returns the function that leaves, after limit were inside at once.
func (c *crowd) enter(key string, limit int) (leave func()) {
	c.mu.Lock()
	full := c.full[key]
	if full == nil {
		full = make(chan struct{})
		c.full[key] = full
	}
	c.now[key]++
	if c.now[key] > c.most[key] {
		c.most[key] = c.now[key]
		if c.now[key] == limit {
			close(full)
		}
	}
	c.mu.Unlock()
	select {
	case <-full:
	case <-time.After(patience):
	}
	return func() {
		c.mu.Lock()
		c.now[key]--
		c.mu.Unlock()
	}
}

func TestConcurrencyKeyLimitsAllWorkers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	keys := map[string]int{"a": 1, "b": 2, "c": 5}
	var ids []int64
	for range 20 {
		for key, limit := range keys {
			id, _ := r.enqueue(queue.Params{ConcurrencyKey: key, ConcurrencyLimit: int16(limit)})
			ids = append(ids, id)
		}
	}
	inside := newCrowd()
	for range 3 {
		r.worker(work(func(_ context.Context, job *queue.Job) error {
			inside.enter(job.ConcurrencyKey, keys[job.ConcurrencyKey])()
			return nil
		}), func(c *queue.WorkerConfig) { c.Concurrency = 10 })
	}
	r.awaitEnd()
	r.requireAll(ids, completed)
	require.Equal(t, keys, inside.most)
}

// pair enqueues two jobs of which only one may run at a time. Both handlers get
// the first job; whatever ends it lets the second go on.
func (r *rig) pair() (first, second int64) {
	r.Helper()
	first, _ = r.enqueue(queue.Params{Key: "first", ConcurrencyKey: "u", MaxAttempts: 2})
	second, _ = r.enqueue(queue.Params{Key: "second", ConcurrencyKey: "u"})
	require.Equal(r, map[string]string{"first": "waiting", "second": "blocked"}, r.states())
	return first, second
}

func TestBlockedJobGoesOnWhenAPlaceIsFree(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	none := func(*rig, int64) {}
	for name, c := range map[string]struct {
		answer func(ctx context.Context) error
		during func(r *rig, id int64)
		left   map[string]string // of the first job
	}{
		"completed": {func(context.Context) error { return nil }, none, map[string]string{}},
		"failed":    {func(context.Context) error { return queue.Permanent(boom) }, none, map[string]string{}},
		"retried":   {func(context.Context) error { return boom }, none, map[string]string{"first": "scheduled"}},
		"snoozed":   {func(context.Context) error { return queue.Snooze(time.Hour, nil) }, none, map[string]string{"first": "scheduled"}},
		"cancelled by a key": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, func(r *rig, _ int64) {
			x, err := r.cancel("first")
			require.NoError(r, err)
			r.client.Announce(x)
		}, map[string]string{}},
		"cancelled by SQL": {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, func(r *rig, id int64) {
			r.exec("SELECT queue.cancel($1)", id)
		}, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.startSender()
			first, second := r.pair()
			began := make(chan int64, 2)
			h := work(func(ctx context.Context, job *queue.Job) error {
				began <- job.ID
				if job.ID == first {
					return c.answer(ctx)
				}
				return nil
			})
			h.Backoff = func(int) time.Duration { return time.Hour }
			r.listening(h)
			require.Equal(t, first, receive(t, began))
			c.during(r, first)
			require.Equal(t, second, receive(t, began))
			r.eventually("the second has ended", func() bool { return r.states()["second"] == "" })
			require.Equal(t, c.left, r.states())
		})
	}
}

// A waiting job has a place too.
func TestBlockedJobGoesOnWhenAWaitingOneGoes(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"cancelled":       "SELECT queue.cancel($1)",
		"deleted by hand": "DELETE FROM queue.job WHERE id = $1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			first, _ := r.pair()
			r.exec(sql, first)
			require.Equal(t, map[string]string{"second": "waiting"}, r.states())
		})
	}
}

func TestUpkeepFindsPlacesMadeByHand(t *testing.T) {
	t.Parallel()
	r := setup(t)
	first, _ := r.pair()
	r.exec("UPDATE queue.job SET state = 'scheduled', run_at = now() + interval '1 day' WHERE id = $1", first)
	require.Equal(t, "blocked", r.states()["second"])
	require.NoError(t, r.client.Upkeep(t.Context(), r.pool))
	require.Equal(t, "waiting", r.states()["second"])
}

// A job that a dead worker held keeps its place.
func TestRescuedJobKeepsItsPlace(t *testing.T) {
	t.Parallel()
	r := setup(t)
	first, second := r.pair()
	require.Equal(t, []int64{first}, r.claim(r.register(time.Hour), 10))
	require.Len(t, r.rescueAll(), 1)
	require.Equal(t, map[string]string{"first": "waiting", "second": "blocked"}, r.states())
	inside := newCrowd()
	r.worker(work(func(context.Context, *queue.Job) error { inside.enter("u", 1)(); return nil }))
	r.awaitEnd()
	r.requireAll([]int64{first, second}, completed)
	require.Equal(t, 1, inside.most["u"])
}

// A job whose delay is over takes a place if there is one, and is otherwise
// blocked.
func TestScheduledJobHasNoPlace(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.pair()
	r.enqueue(queue.Params{Key: "later", ConcurrencyKey: "u", Delay: time.Hour})
	r.exec("UPDATE queue.job SET run_at = now() WHERE key = 'later'")
	require.EqualValues(t, 1, r.promote())
	require.Equal(t, map[string]string{"first": "waiting", "second": "blocked", "later": "blocked"}, r.states())
	r.exec("DELETE FROM queue.job WHERE key = 'first'")
	require.Equal(t, map[string]string{"second": "waiting", "later": "blocked"}, r.states())
	r.exec("DELETE FROM queue.job WHERE key = 'second'")
	require.Equal(t, map[string]string{"later": "waiting"}, r.states())
}

func TestBlockedJobsGoOnInOrder(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for _, p := range []queue.Params{{Key: "a", Priority: 5}, {Key: "b", Priority: 5}, {Key: "c", Priority: 5}, {Key: "urgent", Priority: 1}} {
		p.ConcurrencyKey = "u"
		r.enqueue(p)
	}
	order := make(chan string, 4)
	r.worker(work(func(_ context.Context, job *queue.Job) error { order <- job.Key; return nil }))
	for _, key := range []string{"a", "urgent", "b", "c"} {
		require.Equal(t, key, receive(t, order))
	}
}

// A limit is that of the job that wants to join.
func TestConcurrencyLimitCanGrow(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.pair()
	for _, key := range []string{"third", "fourth", "fifth"} {
		r.enqueue(queue.Params{Key: key, ConcurrencyKey: "u", ConcurrencyLimit: 3})
	}
	require.Equal(t, map[string]string{
		"first": "waiting", "second": "blocked", "third": "waiting", "fourth": "waiting", "fifth": "blocked",
	}, r.states())
}

// While somebody is enqueuing another of its key, whoever ends a job does not
// wait and cannot know. A note says that somebody has to look later.
func TestBlockedJobGoesOnAfterSomebodyHeldItsKey(t *testing.T) {
	t.Parallel()
	for name, commit := range map[string]bool{"commit": true, "rollback": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			first, second := r.pair()
			began, finish := make(chan int64, 3), make(chan struct{})
			r.worker(work(func(_ context.Context, job *queue.Job) error {
				began <- job.ID
				if job.ID == first {
					<-finish
				}
				return nil
			}))
			require.Equal(t, first, receive(t, began))
			open := r.begin()
			third := r.enqueueIn(open, queue.Params{Key: "third", ConcurrencyKey: "u"})
			close(finish)
			r.eventually("it ends all the same", func() bool { return len(r.history()) == 1 })
			require.Equal(t, map[string]string{"second": "blocked"}, r.states())
			require.NotEmpty(t, r.strings("SELECT concurrency_key FROM queue.unblock_note"))
			end(t, open, commit)
			require.Equal(t, second, receive(t, began))
			if commit {
				require.Equal(t, third, receive(t, began))
			}
			r.awaitEnd()
			r.eventually("no note is left", func() bool { return len(r.strings("SELECT concurrency_key FROM queue.unblock_note")) == 0 })
		})
	}
}
