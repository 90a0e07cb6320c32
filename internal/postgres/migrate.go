package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"son1k/db"
)

// ErrSchemaTooNew means that a newer binary has migrated the database.
var ErrSchemaTooNew = errors.New("the database schema is newer than this binary: deploy the newer version, or migrate down with it first")

// Migrate brings the schema at dsn up to date. Any number of processes may
// call it at once: a session-level advisory lock lets one work while the
// others wait, so dsn must not lead through a transaction pooler. It fails
// with ErrSchemaTooNew if the schema is ahead of this binary.
func Migrate(ctx context.Context, dsn string, log *slog.Logger) error {
	return withGoose(ctx, dsn, func(p *goose.Provider) error {
		if err := checkNotNewer(ctx, p); err != nil {
			return err
		}
		results, err := p.Up(ctx)
		for _, r := range results {
			log.InfoContext(ctx, "migrated", "version", r.Source.Version, "took", r.Duration)
		}
		if err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
		return nil
	})
}

// MigrateDown takes the schema back to version; 0 removes everything.
func MigrateDown(ctx context.Context, dsn string, version int64) error {
	return withGoose(ctx, dsn, func(p *goose.Provider) error {
		if err := checkNotNewer(ctx, p); err != nil {
			return err
		}
		if _, err := p.DownTo(ctx, version); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		return nil
	})
}

// MigrationState is one migration and whether the database has it.
type MigrationState struct {
	Version int64
	Name    string
	Applied bool
}

// MigrationStatus lists the migrations of this binary, oldest first.
func MigrationStatus(ctx context.Context, dsn string) (states []MigrationState, err error) {
	err = withGoose(ctx, dsn, func(p *goose.Provider) error {
		all, err := p.Status(ctx)
		for _, s := range all {
			states = append(states, MigrationState{s.Source.Version, s.Source.Path, s.State == goose.StateApplied})
		}
		return err
	})
	return states, err
}

// SchemaVersion is the newest migration that this binary carries.
func SchemaVersion() int64 {
	names, err := fs.Glob(db.Migrations, "migrations/*.sql")
	if err != nil || len(names) == 0 {
		panic("postgres: no embedded migrations") // cannot happen in a binary that compiled
	}
	version, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		panic(err)
	}
	return version
}

func checkNotNewer(ctx context.Context, p *goose.Provider) error {
	current, _, err := p.GetVersions(ctx) // takes no lock
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if current > SchemaVersion() {
		return ErrSchemaTooNew
	}
	return nil
}

func withGoose(ctx context.Context, dsn string, fn func(*goose.Provider) error) (err error) {
	conf, err := pgx.ParseConfig(dsn)
	if err != nil {
		return fmt.Errorf("database URL: %w", err)
	}
	sqlDB := stdlib.OpenDB(*conf)
	defer func() { err = errors.Join(err, sqlDB.Close()) }()
	files, err := fs.Sub(db.Migrations, "migrations")
	if err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // tries every second for 5 min
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, sqlDB, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	return fn(p)
}
