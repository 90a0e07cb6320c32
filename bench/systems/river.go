package systems

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
	"son1k/internal/postgres"

	"son1k/bench/driver"
)

type riverArgs struct {
	N int `json:"n"`
}

func (riverArgs) Kind() string { return "bench" }

type riverWorker struct {
	river.WorkerDefaults[riverArgs]
	handle func(int)
}

func (w *riverWorker) Work(_ context.Context, job *river.Job[riverArgs]) error {
	w.handle(job.Args.N)
	return nil
}

type riverSystem struct {
	pool   *pgxpool.Pool
	insert *river.Client[pgx.Tx]
	worker *river.Client[pgx.Tx]
}

func openRiver(ctx context.Context, dsn string) (driver.System, error) {
	pool, err := postgres.Open(ctx, dsn, 16, "river")
	if err != nil {
		return nil, err
	}
	insert, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: riverLog()})
	if err != nil {
		return nil, err
	}
	return &riverSystem{pool: pool, insert: insert}, nil
}

func riverLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (s *riverSystem) Describe() (version, config string) {
	return moduleVersion("github.com/riverqueue/river"),
		"riverpgxv5, pool of 16; FetchCooldown 2 ms, FetchPollInterval 20 ms, MaxWorkers 2000 (those of River's own benchmark); Insert; InsertManyFast (COPY)"
}

func (s *riverSystem) Keyed() bool { return false } // River Pro has it

func (s *riverSystem) Setup(ctx context.Context) error {
	m, err := rivermigrate.New(riverpgxv5.New(s.pool), &rivermigrate.Config{Logger: riverLog()})
	if err != nil {
		return err
	}
	_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

func (s *riverSystem) Enqueue(ctx context.Context, number int) error {
	_, err := s.insert.Insert(ctx, riverArgs{number}, nil)
	return err
}

func (s *riverSystem) EnqueueMany(ctx context.Context, first, count, _ int) error {
	params := make([]river.InsertManyParams, count)
	for i := range params {
		params[i].Args = riverArgs{first + i}
	}
	_, err := s.insert.InsertManyFast(ctx, params)
	return err
}

func (s *riverSystem) Work(ctx context.Context, handle func(int)) (err error) {
	workers := river.NewWorkers()
	river.AddWorker(workers, &riverWorker{handle: handle})
	s.worker, err = river.NewClient(riverpgxv5.New(s.pool), &river.Config{
		FetchCooldown: 2 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2000}},
		Workers: workers, Logger: riverLog(),
	})
	if err != nil {
		return err
	}
	return s.worker.Start(ctx)
}

func (s *riverSystem) Pending(ctx context.Context) (pending bool, err error) {
	const sql = "SELECT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled'))"
	err = s.pool.QueryRow(ctx, sql).Scan(&pending)
	return pending, err
}
