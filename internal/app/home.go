package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"son1k/internal/config"
	"son1k/internal/postgres/embedded"
)

// Home is the private Postgres and the secret of the embedded default.
type Home struct {
	DSN    string
	Secret []byte

	server *embedded.Server // nil if another process runs it
}

// OpenHome starts the private server.
func OpenHome(ctx context.Context, cfg config.Config, log *slog.Logger) (*Home, error) {
	server, err := embedded.Start(ctx, embedded.Options{Home: cfg.Home, BinDir: cfg.PGBin, Logger: log})
	if err != nil {
		return nil, err
	}
	home := &Home{DSN: server.DSN(), server: server}
	if home.Secret, err = secretOf(cfg.Home); err != nil {
		server.Stop()
		return nil, err
	}
	return home, nil
}

// JoinHome uses the private server of the process that runs it, or starts it.
func JoinHome(ctx context.Context, cfg config.Config, log *slog.Logger) (*Home, error) {
	dsn, running := embedded.Running(cfg.Home)
	if !running {
		return OpenHome(ctx, cfg, log)
	}
	secret, err := secretOf(cfg.Home)
	if err != nil {
		return nil, err
	}
	return &Home{DSN: dsn, Secret: secret}, nil
}

// Close stops the server if OpenHome started it.
func (h *Home) Close() {
	if h.server != nil {
		h.server.Stop()
	}
}

// secretOf reads the home's signing secret, making it the first time.
func secretOf(home string) ([]byte, error) {
	path := filepath.Join(home, "secret")
	secret, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		secret = []byte(rand.Text() + rand.Text())
		err = os.WriteFile(path, secret, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("signing secret: %w", err)
	}
	if len(secret) < config.MinSecret {
		return nil, fmt.Errorf("signing secret: %s is damaged; delete it to get a new one", path)
	}
	return secret, nil
}
