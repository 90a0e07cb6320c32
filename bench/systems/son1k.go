package systems

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/notify"
	"son1k/internal/postgres"
	"son1k/internal/queue"

	"son1k/bench/driver"
)

const (
	son1kQueue       = "bench"
	son1kPool        = 16
	son1kConcurrency = 500
)

type son1kSystem struct {
	dsn      string
	pool     *pgxpool.Pool
	sender   *notify.Sender
	client   *queue.Client
	listener *notify.Listener
	worker   *queue.Worker
}

func openSon1k(ctx context.Context, dsn string) (driver.System, error) {
	debug.SetGCPercent(400) // as cmd/son1k does
	pool, err := postgres.Open(ctx, dsn, son1kPool, "son1k")
	if err != nil {
		return nil, err
	}
	sender := notify.NewSender(dsn, son1kLog())
	if err := sender.Start(ctx); err != nil {
		return nil, err
	}
	return &son1kSystem{dsn: dsn, pool: pool, sender: sender, client: queue.NewClient(pool, sender)}, nil
}

func son1kLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (s *son1kSystem) Describe() (version, config string) {
	return revision, fmt.Sprintf("pool of %d; Enqueue; EnqueueManyTx; worker with Concurrency %d; GC percent 400 as in the binary; everything else by default",
		son1kPool, son1kConcurrency)
}

func (s *son1kSystem) Keyed() bool { return true }

func (s *son1kSystem) Setup(ctx context.Context) error {
	if err := postgres.Migrate(ctx, s.dsn, son1kLog()); err != nil {
		return err
	}
	return s.client.Upkeep(ctx, s.pool)
}

type son1kPayload struct {
	N int `json:"n"`
}

func (s *son1kSystem) Enqueue(ctx context.Context, number int) error {
	_, _, err := s.client.Enqueue(ctx, son1kJob(number, 0))
	return err
}

func (s *son1kSystem) EnqueueMany(ctx context.Context, first, count, keys int) error {
	jobs := make([]queue.Params, count)
	for i := range jobs {
		jobs[i] = son1kJob(first+i, keys)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := s.client.EnqueueManyTx(ctx, tx, jobs)
		return err
	})
	if err == nil {
		s.client.Wake(son1kQueue)
	}
	return err
}

func son1kJob(number, keys int) queue.Params {
	p := queue.Params{Queue: son1kQueue, Kind: son1kQueue, Payload: son1kPayload{number}}
	if keys > 0 {
		p.ConcurrencyKey, p.ConcurrencyLimit = strconv.Itoa(number%keys), 1
	}
	return p
}

func (s *son1kSystem) Work(ctx context.Context, handle func(int)) (err error) {
	s.worker, err = queue.NewWorker(queue.WorkerConfig{
		Pool: s.pool, Log: son1kLog(), Notify: s.sender, Queue: son1kQueue, Concurrency: son1kConcurrency,
		Handlers: []queue.Handler{{Kind: son1kQueue, Work: func(_ context.Context, job *queue.Job) error {
			var p son1kPayload
			if err := json.Unmarshal(job.Payload, &p); err != nil {
				return err
			}
			handle(p.N)
			return nil
		}}},
	})
	if err != nil {
		return err
	}
	s.listener = notify.NewListener(s.dsn, son1kLog())
	s.worker.Listen(s.listener)
	if err := s.listener.Start(ctx); err != nil {
		return err
	}
	return s.worker.Start(ctx)
}

func (s *son1kSystem) Pending(ctx context.Context) (pending bool, err error) {
	err = s.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM queue.job)").Scan(&pending)
	return pending, err
}
