package queue_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
	"son1k/internal/queue"
)

// register makes a worker that exists in the table only.
func (r *rig) register(silentFor time.Duration) uuid.UUID {
	r.Helper()
	id := uuid.New()
	require.NoError(r, r.q.QueueRegisterWorker(r.Context(), r.pool, queries.QueueRegisterWorkerParams{
		ID: id, Host: "test", Queue: queueName, Kinds: []string{kind}, Concurrency: 1,
	}))
	r.exec("UPDATE queue.worker SET heartbeat_at = now() - $2::interval WHERE id = $1", id, silentFor)
	return id
}

func quickToJudge(c *queue.WorkerConfig) {
	c.Heartbeat, c.DeadAfter = 50*time.Millisecond, 2*time.Second
}

func TestJobsOfADeadWorkerAreTakenOver(t *testing.T) {
	t.Parallel()
	r := setup(t)
	dead := r.register(time.Hour)
	id, _ := r.enqueue(queue.Params{})
	r.claim(dead, 1)
	r.worker(work(func(_ context.Context, job *queue.Job) error {
		require.Equal(t, 2, job.Attempt)
		return nil
	}), quickToJudge)
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.Equal(t, completed, all[0].Outcome)
	require.Equal(t, []attemptError{{Attempt: 1, Error: "The worker died.", Worker: dead}}, all[0].Errors)
	var buried bool
	require.NoError(t, r.pool.QueryRow(t.Context(), "SELECT dead_at IS NOT NULL FROM queue.worker WHERE id = $1", dead).Scan(&buried))
	require.True(t, buried)
}

func TestJobThatKillsWorkersFails(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{MaxAttempts: 2})
	for range 2 {
		r.claim(r.register(0), 1)
		require.Len(t, r.rescueAll(), 1)
	}
	h := work(func(context.Context, *queue.Job) error { panic("started again") })
	causes := make(chan error, 1)
	h.Ended = func(_ context.Context, _ pgx.Tx, _ *queue.Job, _ queue.Outcome, cause error) (func(), error) {
		causes <- cause
		return nil, nil
	}
	r.worker(h)
	all := r.awaitEnd()
	require.Equal(t, queue.Failed, all[0].Outcome)
	require.ErrorContains(t, receive(t, causes), "used up")
	require.Len(t, all[0].Errors, 3)
}

func TestErrorsKeptAreBounded(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.enqueue(queue.Params{MaxAttempts: 20})
	for range 14 {
		r.claim(r.register(0), 1)
		require.Len(t, r.rescueAll(), 1)
	}
	r.worker(work(func(context.Context, *queue.Job) error { return queue.Permanent(errors.New("last")) }))
	kept := r.awaitEnd()[0].Errors
	require.Len(t, kept, 10)
	require.Equal(t, 6, kept[0].Attempt)
	require.Equal(t, "last", kept[9].Error)
}

func TestRescueLeavesTheLivingAlone(t *testing.T) {
	t.Parallel()
	r := setup(t)
	alive := r.register(10 * time.Second)
	r.enqueueMany(2)
	r.claim(alive, 1)
	before := r.live()
	rows, err := r.q.QueueRescue(t.Context(), r.pool, 15*time.Second)
	require.NoError(t, err)
	require.Empty(t, rows)
	require.Equal(t, before, r.live())
}

// A claim may be committed after its worker was declared dead.
func TestRescueFindsJobsOfClaimsThatWereSlow(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(3)
	slow := r.register(0)
	tx, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	rows, err := r.q.QueueClaim(t.Context(), tx, claimParams(slow, 2))
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Empty(t, r.rescueAll())
	require.NoError(t, tx.Commit(t.Context()))
	require.Len(t, r.rescueAll(), 2)
	require.Empty(t, r.claim(slow, 1), "the dead claim nothing")
	require.ElementsMatch(t, ids, r.claim(r.register(0), 3))
}

func TestOrphansAreFoundByUpkeep(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(3)
	r.claim(r.register(0), 2)
	r.exec("DELETE FROM queue.worker") // somebody did
	require.Empty(t, r.rescueAll())
	require.NoError(t, r.client.Upkeep(t.Context(), r.pool))
	require.ElementsMatch(t, ids, r.claim(r.register(0), 3))
}

// The rescuer has heartbeats to send itself.
func TestRescueWaitsForNobody(t *testing.T) {
	t.Parallel()
	r := setup(t)
	silent := r.register(time.Hour)
	r.enqueueMany(2)
	mine := r.claim(silent, 2)
	waking, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = waking.Rollback(context.WithoutCancel(t.Context())) })
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()

	// The silent worker is just sending its heartbeat: it is not dead.
	n, err := r.q.QueueHeartbeat(ctx, waking, queries.QueueHeartbeatParams{ID: silent, Concurrency: 1})
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	rows, err := r.q.QueueRescue(ctx, r.pool, time.Minute)
	require.NoError(t, err)
	require.Empty(t, rows)
	require.NoError(t, waking.Rollback(ctx))

	// It is dead, but one of its jobs is in an open transaction.
	waking, err = r.pool.Begin(ctx)
	require.NoError(t, err)
	_, err = waking.Exec(ctx, "SELECT FROM queue.job WHERE id = $1 FOR UPDATE", mine[0])
	require.NoError(t, err)
	rows, err = r.q.QueueRescue(ctx, r.pool, time.Minute)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, mine[1], rows[0].ID)
	require.NoError(t, waking.Rollback(ctx))
	rows, err = r.q.QueueRescue(ctx, r.pool, time.Minute)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Equal(t, mine[0], rows[0].ID)
}

// Many rescue at once what others take at once: what a living worker has taken
// stays with it.
func TestRescuersDoNotRobTheLiving(t *testing.T) {
	t.Parallel()
	r := setup(t)
	ids := r.enqueueMany(300)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var all sync.WaitGroup
	repeat := func(n int, f func() error) {
		for range n {
			all.Go(func() {
				for ctx.Err() == nil {
					if err := f(); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	background := context.WithoutCancel(ctx)
	repeat(3, func() error {
		_, err := r.q.QueueRescue(background, r.pool, time.Minute)
		return err
	})
	repeat(1, func() error { // a worker that dies at once
		_, err := r.q.QueueClaim(background, r.pool, claimParams(r.register(time.Hour), 100))
		return err
	})
	for range 2 {
		alive := r.register(0)
		repeat(1, func() error {
			rows, err := r.q.QueueClaim(background, r.pool, claimParams(alive, 50))
			if err != nil {
				return err
			}
			for _, j := range rows {
				// Either way proves that the job is still held.
				arg := queries.QueuePutBackParams{ID: j.ID, Seq: j.Seq, WorkerID: alive}
				done, err := r.q.QueuePutBack(background, r.pool, arg)
				if err != nil {
					return err
				}
				if !done {
					return errors.New("a living worker was robbed")
				}
			}
			return nil
		})
	}
	all.Wait()
	r.rescueAll()
	last := r.register(0)
	require.ElementsMatch(t, ids, r.claim(last, 1000))
}

// Between seeing a job of a dead worker and locking it, somebody else rescues the
// job and a living worker takes it.
func TestRescuerThatComesSecondLeavesTheJobAlone(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec(`CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$`)
	r.exec("CREATE TRIGGER pause BEFORE UPDATE ON queue.worker FOR EACH ROW EXECUTE FUNCTION pause()")
	alive := r.register(0)
	dead := r.register(time.Hour)
	id, _ := r.enqueue(queue.Params{})
	r.claim(dead, 1)
	first, err := r.pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = first.Exec(t.Context(), "SELECT pg_advisory_xact_lock(1)")
	require.NoError(t, err)
	_, err = first.Exec(t.Context(), "UPDATE queue.job SET state = 'waiting', worker_id = NULL, seq = queue.draw_seq()")
	require.NoError(t, err)
	rows, err := r.q.QueueClaim(t.Context(), first, claimParams(alive, 1))
	require.NoError(t, err)
	require.Len(t, rows, 1)
	r.concurrently(first, func(conn *pgx.Conn) {
		rescued, err := r.q.QueueRescue(t.Context(), conn, time.Minute)
		require.NoError(t, err)
		require.Empty(t, rescued)
	})
	require.Equal(t, row{ID: id, State: "running", Attempt: 2, Seq: rows[0].Seq, WorkerID: &alive}, r.only())
}

// The worker slept until somebody declared it dead, and wakes up.
func TestWorkerDeclaredDeadStartsOver(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	causes := make(chan error, 2)
	began := make(chan int, 2)
	r.worker(work(func(ctx context.Context, job *queue.Job) error {
		began <- job.Attempt
		if job.Attempt == 2 {
			return nil
		}
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil // as if it had been done
	}), func(c *queue.WorkerConfig) { c.Heartbeat = 50 * time.Millisecond })
	require.Equal(t, 1, receive(t, began))
	first := *r.only().WorkerID
	require.NoError(t, pgx.BeginFunc(t.Context(), r.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "UPDATE queue.worker SET heartbeat_at = now() - interval '1 hour'")
		require.NoError(t, err)
		rows, err := r.q.QueueRescue(t.Context(), tx, time.Minute)
		require.Len(t, rows, 1)
		return err
	}))
	require.ErrorIs(t, receive(t, causes), queue.ErrLost)
	require.Equal(t, 2, receive(t, began))
	all := r.awaitEnd()
	require.Len(t, all, 1)
	require.Equal(t, id, all[0].ID)
	require.EqualValues(t, 2, all[0].Attempt)
	r.eventually("it is known under another name", func() bool {
		var now uuid.UUID
		err := r.pool.QueryRow(t.Context(), "SELECT id FROM queue.worker WHERE dead_at IS NULL").Scan(&now)
		return err == nil && now != first
	})
}

// A worker that slept can claim before it learns that it was declared dead.
// Nobody has to wait until others rescue that.
func TestWorkerDeclaredDeadGivesBackWhatItStillHolds(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{})
	began := make(chan int, 2)
	var runs atomic.Int64
	r.worker(work(func(ctx context.Context, job *queue.Job) error {
		began <- job.Attempt
		if runs.Add(1) == 1 {
			<-ctx.Done()
		}
		return nil
	}), func(c *queue.WorkerConfig) { c.DeadAfter = time.Hour })
	require.Equal(t, 1, receive(t, began))
	r.exec("UPDATE queue.worker SET dead_at = now()")
	require.Equal(t, 1, receive(t, began), "no attempt was used up")
	r.awaitEnd()
	r.requireAll([]int64{id}, completed)
}

// deafOnce makes connections that break, once, when the answer to a claim comes.
type deafOnce struct{ was atomic.Bool }

type deafConn struct {
	net.Conn
	deaf *deafOnce
}

func (d *deafOnce) dial(dial pgconn.DialFunc) pgconn.DialFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return deafConn{conn, d}, err
	}
}

func (c deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == nil && bytes.Contains(p[:n], []byte("for the worker alone")) && c.deaf.was.CompareAndSwap(false, true) {
		c.Conn.Close()
		return 0, io.ErrUnexpectedEOF
	}
	return n, err
}

func TestClaimWhoseAnswerWasLostIsGivenBack(t *testing.T) {
	t.Parallel()
	r := setup(t)
	id, _ := r.enqueue(queue.Params{Payload: "for the worker alone"})
	deaf := &deafOnce{}
	conf := r.pool.Config()
	conf.ConnConfig.DialFunc = deaf.dial(conf.ConnConfig.DialFunc)
	pool, err := pgxpool.NewWithConfig(t.Context(), conf)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	attempts := make(chan int, 1)
	r.worker(work(func(_ context.Context, job *queue.Job) error { attempts <- job.Attempt; return nil }),
		func(c *queue.WorkerConfig) { c.Pool = pool })
	require.Equal(t, 1, receive(t, attempts), "no attempt was used up")
	require.True(t, deaf.was.Load())
	r.awaitEnd()
	r.requireAll([]int64{id}, completed)
}

func TestHandlersThatUseUpThePoolDoNotSilenceTheWorker(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	for range r.pool.Config().MaxConns {
		conn, err := r.pool.Acquire(t.Context())
		require.NoError(t, err)
		defer conn.Release()
	}
	watch, err := pgx.Connect(t.Context(), r.pool.Config().ConnString())
	require.NoError(t, err)
	defer watch.Close(context.WithoutCancel(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last time.Time
	for beats := 0; beats < 3; {
		var at time.Time
		require.NoError(t, watch.QueryRow(ctx, "SELECT heartbeat_at FROM queue.worker").Scan(&at))
		if at.After(last) {
			last = at
			beats++
		}
	}
}
