package user

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"son1k/internal/apperr"
	"son1k/internal/queries"
)

// Tier is what people of a tier may do.
type Tier struct {
	Name               string   `json:"name"`
	QueuePriority      int      `json:"queuePriority"` // lower runs first
	MaxRunning         int      `json:"maxRunning"`    // generations at once
	MonthlyGenerations int      `json:"monthlyGenerations"`
	DailyGenerations   int      `json:"dailyGenerations"`
	MaxDuration        int      `json:"maxDuration"` // of a song, in seconds
	BestQuality        string   `json:"bestQuality"`
	WritesPerMinute    int      `json:"writesPerMinute"` // changing requests
	ReadsPerMinute     int      `json:"readsPerMinute"`
	Features           []string `json:"features"`
}

// Tier returns the tier of a user, at most Options.CacheTTL old. It fails with
// USER_NOT_FOUND. A person's own limits, see Limits, may differ from the
// tier's.
func (s *Service) Tier(ctx context.Context, userID uuid.UUID) (Tier, error) {
	p, err := s.Principal(ctx, userID)
	if err != nil {
		return Tier{}, err
	}
	return s.TierNamed(ctx, p.Tier)
}

// TierNamed returns a tier, at most Options.CacheTTL old. It fails with
// UNKNOWN_TIER, whose message lists the tiers that there are.
func (s *Service) TierNamed(ctx context.Context, name string) (Tier, error) {
	tiers, err := s.Tiers(ctx)
	if err != nil {
		return Tier{}, err
	}
	for _, t := range tiers {
		if t.Name == name {
			return t, nil
		}
	}
	return Tier{}, unknownTier(name, tiers)
}

func unknownTier(name string, tiers []Tier) error {
	names := make([]string, len(tiers))
	for i, t := range tiers {
		names[i] = t.Name
	}
	return apperr.New(apperr.Invalid, CodeUnknownTier,
		fmt.Sprintf("There is no tier %q; the tiers are %s.", name, strings.Join(names, ", ")))
}

// Tiers lists the tiers, the lowest first, at most Options.CacheTTL old. The
// slice is shared: do not change it.
func (s *Service) Tiers(ctx context.Context) ([]Tier, error) {
	return s.tiers.get(ctx, "")
}

func (s *Service) loadTiers(ctx context.Context, _ string) ([]Tier, error) {
	rows, err := s.q.TierList(ctx, s.pool)
	if err != nil {
		return nil, fmt.Errorf("load tiers: %w", err)
	}
	tiers := make([]Tier, len(rows))
	for i, r := range rows {
		tiers[i] = newTier(r)
	}
	return tiers, nil
}

func newTier(r queries.Tier) Tier {
	return Tier{
		Name:               r.Name,
		QueuePriority:      int(r.QueuePriority),
		MaxRunning:         int(r.MaxRunning),
		MonthlyGenerations: int(r.MonthlyGenerations),
		DailyGenerations:   int(r.DailyGenerations),
		MaxDuration:        int(r.MaxDurationS),
		BestQuality:        r.BestQuality,
		WritesPerMinute:    int(r.WritesPerMinute),
		ReadsPerMinute:     int(r.ReadsPerMinute),
		Features:           r.Features,
	}
}
