package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"son1k/internal/config"
	"son1k/internal/events"
	"son1k/internal/notify"
	"son1k/internal/postgres"
)

// announcement is the data of a system_notification.
type announcement struct {
	Message   string    `json:"message"`
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
}

// Announce tells everybody who is connected, on all replicas. It is a durable
// event of the topic system. The type is for clients that show kinds of
// announcements differently.
func Announce(ctx context.Context, cfg config.Config, log *slog.Logger, message, typ string) error {
	return WithDatabase(ctx, cfg, log, func(ctx context.Context, dsn string) error {
		pool, err := postgres.Open(ctx, dsn, 2, "son1k announce")
		if err != nil {
			return err
		}
		defer pool.Close()
		sender := notify.NewSender(dsn, log)
		if err := sender.Start(ctx); err != nil {
			return err
		}
		defer sender.Stop() // which sends what is left
		publisher := events.NewPublisher(sender)
		var e events.Event
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
			e, err = publisher.AppendTx(ctx, tx, "system", "system_notification",
				announcement{Message: message, Type: typ, Timestamp: time.Now().UTC()})
			return err
		})
		if err != nil {
			return fmt.Errorf("announce: %w", err)
		}
		publisher.Publish(e)
		return nil
	})
}
