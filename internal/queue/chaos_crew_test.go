package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/lifecycle"
	"son1k/internal/notify"
	"son1k/internal/queries"
	"son1k/internal/queue"
)

// crewEnv makes a child process a worker as in production, with a crewConfig.
const crewEnv = "SON1K_QUEUE_TEST_CREW"

type crewConfig struct {
	Concurrency int
	Heartbeat   time.Duration
	DeadAfter   time.Duration
	Work        time.Duration // the most that a run takes beside its records
	Skew        time.Duration // by which the wall clock of the process is wrong
}

// What jobs do, as their payload says.
const (
	plain   = "plain"
	song    = "song"    // completes in a transaction with a row
	retried = "retried" // fails twice
	snoozed = "snoozed" // twice
	failing = "failing" // fails for good, with a row
)

// crewTables are where worker processes keep books, apart from the queue's own.
const crewTables = `
CREATE TABLE run (job bigint, seq bigint, token uuid, worker uuid, what text, key text, key_limit smallint,
	claimed_at timestamptz, began_at timestamptz DEFAULT clock_timestamp(), left_at timestamptz, PRIMARY KEY (job, seq, token));
CREATE TABLE effect (job bigint, what text)`

// runCrew works until its input ends.
func runCrew(dsn, config string) int {
	ctx := context.Background()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	var conf crewConfig
	if err := json.Unmarshal([]byte(config), &conf); err != nil {
		return fail(err)
	}
	if err := skewClock(conf.Skew); err != nil {
		return fail(err)
	}
	pool, err := pgxpool.New(ctx, dsn)
	if err != nil {
		return fail(err)
	}
	defer pool.Close()
	c := &crew{pool, conf}
	sender, listener := notify.NewSender(dsn, log), notify.NewListener(dsn, log)
	w, err := queue.NewWorker(queue.WorkerConfig{
		Pool: pool, Log: log, Notify: sender, Queue: queueName, Concurrency: conf.Concurrency,
		Poll: 100 * time.Millisecond, Heartbeat: conf.Heartbeat, DeadAfter: conf.DeadAfter,
		Handlers: []queue.Handler{{
			Kind: kind, Work: c.work, Ended: c.ended,
			Backoff: func(int) time.Duration { return rand.N(100 * time.Millisecond) },
		}},
	})
	if err != nil {
		return fail(err)
	}
	w.Listen(listener)
	for _, s := range []lifecycle.Service{sender, listener, w} {
		if err := s.Start(ctx); err != nil {
			return fail(err)
		}
		defer s.Stop()
	}
	fmt.Println(time.Now().Format(time.RFC3339Nano))
	_, _ = io.Copy(io.Discard, os.Stdin) // until it ends
	w.Stop()
	fmt.Println("stopped")
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// crew does jobs and keeps books, through whatever befalls its connections.
type crew struct {
	pool *pgxpool.Pool
	conf crewConfig
}

func (c *crew) work(ctx context.Context, job *queue.Job) error {
	token := uuid.New()
	run, err := c.enter(ctx, job, token)
	if err != nil {
		return err
	}
	defer c.leave(context.WithoutCancel(ctx), token, job.ID)
	if err := job.SetResult(token); err != nil { // which tells who has ended it
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(rand.N(c.conf.Work + 1)):
	}
	var what string
	if err := json.Unmarshal(job.Payload, &what); err != nil {
		return queue.Permanent(err)
	}
	switch {
	case what == song:
		return pgx.BeginFunc(ctx, c.pool, func(tx pgx.Tx) error {
			if err := left(ctx, tx, token, job.ID); err != nil { // the job ends here, not when this function returns
				return err
			}
			if _, err := tx.Exec(ctx, "INSERT INTO effect VALUES ($1, $2)", job.ID, what); err != nil {
				return err
			}
			return job.CompleteTx(ctx, tx, token)
		})
	case what == retried && run < 3:
		return errors.New("not yet")
	case what == snoozed && run < 3:
		return queue.Snooze(time.Duration(run-1)*50*time.Millisecond, nil)
	case what == failing:
		return queue.Permanent(errors.New("never"))
	}
	return nil
}

func (c *crew) ended(ctx context.Context, tx pgx.Tx, job *queue.Job, _ queue.Outcome, _ error) (func(), error) {
	_, err := tx.Exec(ctx, "INSERT INTO effect VALUES ($1, $2)", job.ID, failing)
	return nil, err
}

// enter records that a run begins, and returns its number.
func (c *crew) enter(ctx context.Context, job *queue.Job, token uuid.UUID) (run int, err error) {
	worker, seq := job.Claim()
	err = insist(ctx, func() error {
		_, err := c.pool.Exec(ctx, `INSERT INTO run (job, seq, token, worker, what, key, key_limit, claimed_at)
			SELECT $1, $2, $3, $4, $5, nullif($6, ''), j.concurrency_limit, j.started_at
			FROM (VALUES (1)) v LEFT JOIN queue.job j ON j.id = $1 AND j.seq = $2 AND j.worker_id = $4
			ON CONFLICT DO NOTHING`, job.ID, seq, token, worker, string(job.Payload), job.ConcurrencyKey)
		if err != nil {
			return err
		}
		return c.pool.QueryRow(ctx, "SELECT count(*) FROM run WHERE job = $1", job.ID).Scan(&run)
	})
	return run, err
}

// leave records that a run is over. What cannot be recorded counts as not over.
func (c *crew) leave(ctx context.Context, token uuid.UUID, job int64) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_ = insist(ctx, func() error { return left(ctx, c.pool, token, job) })
}

func left(ctx context.Context, db queries.DBTX, token uuid.UUID, job int64) error {
	_, err := db.Exec(ctx, "UPDATE run SET left_at = clock_timestamp() WHERE job = $1 AND token = $2 AND left_at IS NULL", job, token)
	return err
}

// insist repeats f until it succeeds or ctx ends.
func insist(ctx context.Context, f func() error) error {
	for {
		err := f()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(10*time.Millisecond + rand.N(20*time.Millisecond)):
		}
	}
}
