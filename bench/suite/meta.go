package suite

import (
	"context"

	"son1k/bench/score"
	"son1k/bench/server"
)

// Meta describes the run so far.
func (s *Suite) Meta(ctx context.Context) score.Meta {
	m := s.board.Meta(ctx, &s.Options.Options)
	m.PinFor, m.Servers, m.Systems = s.PinFor.String(), s.servers(ctx), make(map[string]score.About)
	for _, sys := range s.systems {
		m.Systems[sys.name] = score.About{Version: sys.version, Config: sys.config}
	}
	return m
}

func (s *Suite) servers(ctx context.Context) map[string]string {
	servers := make(map[string]string)
	if s.postgres != nil {
		servers["postgres"] = s.postgres.About()
	}
	for _, sys := range s.systems {
		if sys.redis {
			servers["redis"] = server.AboutRedis(ctx)
		}
	}
	return servers
}
