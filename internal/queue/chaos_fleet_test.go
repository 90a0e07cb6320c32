package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// fleet is worker processes, and the jobs that were enqueued for them.
type fleet struct {
	*rig
	conf      crewConfig
	processes []childProcess

	feeding sync.WaitGroup
	mu      sync.Mutex
	jobs    map[int64]string // what each does
}

// newFleet starts n worker processes.
func newFleet(r *rig, n int, conf crewConfig) *fleet {
	r.Helper()
	r.exec(crewTables)
	f := &fleet{rig: r, conf: conf, jobs: make(map[int64]string)}
	for range n {
		f.launch(conf)
	}
	return f
}

// launch starts a worker process and returns its wall clock's time.
func (f *fleet) launch(conf crewConfig) (childProcess, time.Time) {
	f.Helper()
	raw, err := json.Marshal(conf)
	require.NoError(f, err)
	p := f.child(crewEnv + "=" + string(raw))
	at, err := time.Parse(time.RFC3339Nano, receive(f, p.said))
	require.NoError(f, err)
	f.processes = append(f.processes, p)
	return p, at
}

// kill kills a process, which is not seen again.
func (f *fleet) kill(i int) {
	f.Helper()
	p := f.processes[i]
	require.NoError(f, p.Kill())
	<-p.ended
	f.processes = append(f.processes[:i], f.processes[i+1:]...)
}

// stop lets the processes finish what they do.
func (f *fleet) stop() {
	f.Helper()
	for _, p := range f.processes {
		require.NoError(f, p.input.Close())
	}
	for _, p := range f.processes {
		require.Equal(f, "stopped", receive(f, p.said))
	}
	f.processes = nil
}

// wait is eventually, but for conditions that may fail the test.
func (f *fleet) wait(what string, condition func() bool) {
	f.Helper()
	for end := time.Now().Add(2 * patience); !condition(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			require.FailNow(f, "in vain", "waited until %s", what)
		}
	}
}

// count runs a query of one number.
func (f *fleet) count(sql string, args ...any) (n int) {
	f.Helper()
	require.NoError(f, f.pool.QueryRow(f.Context(), sql, args...).Scan(&n))
	return n
}

// nth describes one of the jobs that a test enqueues, of all sorts in turn.
func nth(i int) (p queue.Params, what string) {
	p = queue.Params{Queue: queueName, Kind: kind, Priority: int16(i % 3), MaxAttempts: 10_000}
	switch i % 8 {
	case 0, 1:
		what = plain
	case 2:
		what = song
	case 3:
		what = retried
	case 4:
		what = snoozed
	case 5:
		what = failing
	case 6:
		what, p.ConcurrencyKey, p.ConcurrencyLimit = plain, fmt.Sprint("two at once ", i/8%2), 2
	case 7:
		what, p.ConcurrencyKey = []string{song, retried, snoozed}[i/8%3], "one at once"
	}
	p.Payload = what
	return p, what
}

// feed enqueues jobs over pool, at most 50 a second and 100 ahead of the workers,
// until ctx ends; finish waits for that.
func (f *fleet) feed(ctx context.Context, pool *pgxpool.Pool) {
	client := queue.NewClient(pool, f.sender)
	f.feeding.Go(func() {
		pace := time.NewTicker(20 * time.Millisecond)
		defer pace.Stop()
		for i := 0; ctx.Err() == nil; i++ {
			p, what := nth(i)
			p.Key = uuid.NewString()
			id, err := f.enqueueOnce(client, pool, p, i%2 == 0)
			if err != nil {
				f.Errorf("enqueue: %v", err)
				return
			}
			f.mu.Lock()
			f.jobs[id] = what
			f.mu.Unlock()
			for live := 100; live >= 100 && ctx.Err() == nil; <-pace.C {
				_ = pool.QueryRow(ctx, "SELECT count(*) FROM queue.job").Scan(&live)
			}
		}
	})
}

// enqueueOnce adds a job, however often it takes. Without an answer the job may be
// there all the same, and may have ended since.
func (f *fleet) enqueueOnce(client *queue.Client, pool *pgxpool.Pool, p queue.Params, alone bool) (id int64, err error) {
	ctx, cancel := context.WithTimeout(f.Context(), 2*patience)
	defer cancel()
	err = insist(ctx, func() (err error) {
		err = pool.QueryRow(ctx, `SELECT id FROM queue.job WHERE key = $1 UNION
			SELECT id FROM queue.job_history WHERE key = $1`, p.Key).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		if alone {
			id, _, err = client.Enqueue(ctx, p)
			return err
		}
		return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			id, _, err = client.EnqueueTx(ctx, tx, p)
			return err
		})
	})
	return id, err
}

// feedFor is feed for a while.
func (f *fleet) feedFor(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(f.Context(), d)
	f.Cleanup(cancel)
	f.feed(ctx, f.pool)
	return ctx
}

// seconds is a duration that make chaos raises to its full value.
func seconds(short, full int) time.Duration { return time.Duration(scale(short, full)) * time.Second }

// tick calls f every d until ctx ends.
func tick(ctx context.Context, d time.Duration, f func()) {
	ticker := time.NewTicker(d)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			f()
		}
	}
}

// fleetOf is a fleet with a database of its own.
func fleetOf(t *testing.T, n int, conf crewConfig) *fleet {
	t.Helper()
	return newFleet(setup(t), n, conf)
}
