package realtime

import (
	"context"
	"fmt"

	"son1k/bench/crowd"
	"son1k/bench/score"
	"son1k/bench/server"
)

// idle: what a connection takes that does nothing.
func (s *Suite) idle() cell {
	n := s.sizes.idle
	return cell{name: "idle",
		rows: []score.Row{{Name: "idle", Unit: fmt.Sprintf("KiB/connection, %d of them", n), Lower: true}},
		run: func(ctx context.Context, b *bed) (score.Figures, error) {
			before, err := server.Memory(b.replicas[0].pid)
			if err != nil {
				return nil, err
			}
			if _, err := b.join(ctx, n, n, atOnce, "", b.replicas[0]); err != nil {
				return nil, err
			}
			if err := pause(ctx, s.sizes.settle); err != nil {
				return nil, err
			}
			if _, err := b.gather(ctx, crowd.Request{Op: crowd.Census}); err != nil {
				return nil, err
			}
			after, err := server.Memory(b.replicas[0].pid)
			return score.Figures{"idle": float64(after-before) / 1024 / float64(n)}, err
		}}
}
