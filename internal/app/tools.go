package app

import (
	"context"
	"log/slog"
	"time"

	"son1k/internal/auth"
	"son1k/internal/config"
	"son1k/internal/postgres"
	"son1k/internal/user"
)

// LocalToken is an access token for the local user of the embedded default;
// empty if there is none.
func (a *App) LocalToken(ttl time.Duration) (string, error) {
	if a.home == nil || !a.opt.Role.API {
		return "", nil
	}
	return a.tokens.Issue(a.localUser.ID, ttl, time.Now())
}

// MakeToken makes an account of the given name and tier, or changes the tier of
// the one there is, and returns an access token for it. It works beside a
// running server.
func MakeToken(ctx context.Context, cfg config.Config, log *slog.Logger, name, tier string, ttl time.Duration) (string, error) {
	secret := []byte(cfg.JWTSecret.Reveal())
	var text string
	err := withHome(ctx, cfg, log, func(dsn string, home *Home) error {
		if home != nil && len(secret) == 0 {
			secret = home.Secret
		}
		if err := postgres.Migrate(ctx, dsn, log); err != nil {
			return err
		}
		pool, err := postgres.Open(ctx, dsn, 2, "son1k token")
		if err != nil {
			return err
		}
		defer pool.Close()
		tokens, err := auth.NewTokens(secret)
		if err != nil {
			return err
		}
		profile, err := user.New(pool, tokens, user.Options{Log: log}).EnsureLocal(ctx, user.EnsureParams{
			Username: name, Tier: tier, Adopt: true,
		})
		if err != nil {
			return err
		}
		text, err = tokens.Issue(profile.ID, ttl, time.Now())
		return err
	})
	return text, err
}

// WithDatabase calls fn with the connection string for migrations. The private
// server is started for it, or joined if it runs.
func WithDatabase(ctx context.Context, cfg config.Config, log *slog.Logger, fn func(ctx context.Context, dsn string) error) error {
	return withHome(ctx, cfg, log, func(dsn string, _ *Home) error { return fn(ctx, dsn) })
}

func withHome(ctx context.Context, cfg config.Config, log *slog.Logger, fn func(dsn string, home *Home) error) error {
	if !cfg.Embedded() {
		dsn := cfg.DatabaseListenURL
		if dsn == "" {
			dsn = cfg.DatabaseURL
		}
		return fn(dsn.Reveal(), nil)
	}
	home, err := JoinHome(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer home.Close()
	return fn(home.DSN, home)
}
