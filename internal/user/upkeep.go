package user

import (
	"context"
	"fmt"

	"son1k/internal/queries"
)

// upkeepBatch is the number of rows that one statement deletes, so that none
// holds locks for long.
const upkeepBatch = 1000

// Upkeep deletes expired sessions and tickets; nobody could use them any more.
// Any number of processes may call it at once: they share the work.
func (s *Service) Upkeep(ctx context.Context) error {
	if err := s.deleteAll(ctx, s.q.SessionDeleteExpired); err != nil {
		return fmt.Errorf("delete expired sessions: %w", err)
	}
	if err := s.deleteAll(ctx, s.q.TicketDeleteExpired); err != nil {
		return fmt.Errorf("delete expired tickets: %w", err)
	}
	return nil
}

func (s *Service) deleteAll(ctx context.Context, batch func(context.Context, queries.DBTX, int32) (int64, error)) error {
	for {
		n, err := batch(ctx, s.pool, upkeepBatch)
		if err != nil || n < upkeepBatch {
			return err
		}
	}
}
