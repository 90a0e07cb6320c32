package queue_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
	"son1k/internal/queue"
)

// songs makes a handler that completes with a row, or without a transaction, or
// at a later run, and returns it with the ownership that it keeps.
func (r *rig) songs(pool *pgxpool.Pool) (queue.Handler, *ownership) {
	r.exec("CREATE TABLE song (job bigint)")
	owners := newOwnership(r.T)
	return work(func(ctx context.Context, job *queue.Job) error {
		leave, run := owners.take(job.ID)
		defer leave()
		switch job.ID % 4 {
		case 0:
			if run < 3 {
				return queue.Snooze(0, nil)
			}
		case 1:
			if run < 3 {
				return errors.New("not yet")
			}
		case 2:
			return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
				if _, err := tx.Exec(ctx, "INSERT INTO song VALUES ($1)", job.ID); err != nil {
					return err
				}
				return job.CompleteTx(ctx, tx, nil)
			})
		}
		return nil
	}), owners
}

func (r *rig) requireSongs(n int) {
	r.Helper()
	var songs, different int
	require.NoError(r, r.pool.QueryRow(r.Context(), "SELECT count(*), count(DISTINCT job) FROM song").Scan(&songs, &different))
	require.Equal(r, n, songs)
	require.Equal(r, n, different)
}

// Every connection of the database is cut every 100 ms.
func TestFleetSurvivesThatItsConnectionsAreCut(t *testing.T) {
	t.Parallel()
	r := setup(t)
	handler, owners := r.songs(r.pool)
	for range 3 {
		r.worker(handler, func(c *queue.WorkerConfig) { c.Concurrency = 5 })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	killer, err := pgx.Connect(t.Context(), r.pool.Config().ConnString())
	require.NoError(t, err)
	defer killer.Close(context.WithoutCancel(t.Context()))
	var all sync.WaitGroup
	all.Go(func() {
		ticker := time.NewTicker(100 * time.Millisecond)
		defer ticker.Stop()
		for ctx.Err() == nil {
			_, err := killer.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND pid <> pg_backend_pid()`)
			if err != nil {
				t.Error(err)
				return
			}
			<-ticker.C
		}
	})
	ids, songs := r.feed(ctx, r.pool)
	all.Wait()
	r.pool.Reset()
	r.awaitEnd()
	require.Equal(t, map[queue.Outcome]int{completed: len(ids)}, r.outcomes(ids))
	r.requireSongs(songs)
	require.NotEmpty(t, owners.runs)
}

// feed enqueues at most 100 jobs a second until ctx ends, and returns the ids
// and how many of them will make a song.
func (r *rig) feed(ctx context.Context, pool *pgxpool.Pool) (ids []int64, songs int) {
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for ; ctx.Err() == nil; <-pace.C {
		key := uuid.NewString()
		id := r.enqueueKnown(pool, key)
		ids = append(ids, id)
		if id%4 == 2 {
			songs++
		}
	}
	return ids, songs
}

// enqueueKnown adds a job with many attempts, however often it takes. If a
// commit got no answer the job is there already, or was and is in the history.
func (r *rig) enqueueKnown(pool *pgxpool.Pool, key string) (id int64) {
	ctx := r.Context()
	for {
		err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
			err = tx.QueryRow(ctx, "SELECT id FROM queue.job_history WHERE key = $1", key).Scan(&id)
			if !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			id, _, err = r.client.EnqueueTx(ctx, tx, queue.Params{Queue: queueName, Kind: kind, Key: key, MaxAttempts: 10_000})
			return err
		})
		if err == nil {
			return id
		}
	}
}

// lossy is a connection that now and then breaks after the server has answered
// and before anybody has read the answer.
type lossy struct{ net.Conn }

func (c lossy) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil && rand.N(25) == 0 {
		c.Conn.Close()
		return 0, errors.New("the answer was lost")
	}
	return n, err
}

// Statements and commits that succeed without anybody being told, the case in
// which repeating one is dangerous.
func TestFleetSurvivesLostAnswers(t *testing.T) {
	t.Parallel()
	r := setup(t)
	conf := r.pool.Config()
	dial := conf.ConnConfig.DialFunc
	conf.ConnConfig.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return lossy{conn}, err
	}
	conf.MaxConns = 10
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	handler, _ := r.songs(pool)
	for range 3 {
		r.worker(handler, func(c *queue.WorkerConfig) { c.Pool, c.Concurrency = pool, 5 })
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	ids, songs := r.feed(ctx, r.pool)
	r.awaitEnd()
	require.Equal(t, map[queue.Outcome]int{completed: len(ids)}, r.outcomes(ids))
	r.requireSongs(songs)
}

// Postgres crashes again and again. While it is away nobody can send a
// heartbeat, which makes nobody dead.
func TestFleetSurvivesCrashesOfPostgres(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	pool, err := pgxpool.New(t.Context(), server.DSN())
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	r := newRig(t, pool)
	handler, _ := r.songs(pool)
	for range 2 {
		r.worker(handler, quickToJudge)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	all.Go(func() {
		defer cancel()
		for range 4 {
			pid := server.PID()
			if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
				t.Error(err)
			}
			for r.Context().Err() == nil && (server.PID() == pid || pool.Ping(r.Context()) != nil) {
				runtime.Gosched()
			}
		}
	})
	ids, songs := r.feed(ctx, pool)
	all.Wait()
	pool.Reset()
	r.awaitEnd()
	require.Equal(t, map[queue.Outcome]int{completed: len(ids)}, r.outcomes(ids))
	r.requireSongs(songs)
	for _, e := range r.history() {
		for _, attempt := range e.Errors {
			require.NotContains(t, attempt.Error, "died")
		}
	}
}
