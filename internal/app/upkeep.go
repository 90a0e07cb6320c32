package app

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"son1k/internal/events"
	"son1k/internal/generation"
	"son1k/internal/lifecycle"
	"son1k/internal/queue"
)

// upkeepInterval is well below the hour of the shortest partition, three of
// which are made ahead.
const upkeepInterval = 5 * time.Minute

// upkeepLock is the key of the advisory lock that lets one process at a time
// look after the partitions.
const upkeepLock = 0x736f6e316b // "son1k"

// newUpkeep returns the service that makes partitions ahead of time and drops
// what has expired.
func (a *App) newUpkeep(jobs *queue.Client, publisher *events.Publisher, generations *generation.Service) lifecycle.Service {
	tasks := []func(context.Context) error{
		func(ctx context.Context) error {
			return partitions(ctx, a.pool, jobs, publisher)
		},
		a.users.Upkeep,
		generations.Upkeep,
	}
	return lifecycle.NewRunner("upkeep", func(ctx context.Context, started func()) {
		started()
		ticker := time.NewTicker(upkeepInterval)
		defer ticker.Stop()
		for {
			runAll(ctx, a.log, tasks)
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
		}
	})
}

func runAll(ctx context.Context, log *slog.Logger, tasks []func(context.Context) error) {
	for _, task := range tasks {
		if err := task(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.WarnContext(ctx, "upkeep failed, trying again later", "error", err)
		}
	}
}

// partitions makes and drops partitions, unless another process is at it.
func partitions(ctx context.Context, pool *pgxpool.Pool, jobs *queue.Client, publisher *events.Publisher) error {
	return pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var mine bool
		if err := tx.QueryRow(ctx, "SELECT pg_try_advisory_xact_lock($1)", int64(upkeepLock)).Scan(&mine); err != nil || !mine {
			return err
		}
		// Rather try again later than make everybody wait behind us.
		if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = '2s'"); err != nil {
			return err
		}
		if err := jobs.Upkeep(ctx, tx); err != nil {
			return err
		}
		return publisher.Upkeep(ctx, tx)
	})
}
