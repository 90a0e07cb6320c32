package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"

	"son1k/db"
	"son1k/internal/postgres"
)

// templateLock is the advisory lock of whoever makes a template: "son1k" in
// ASCII.
const templateLock = 0x736f6e316b

// ensureTemplate returns the name of the template database for the present
// migrations. Of all processes that test at once, the first makes it.
func ensureTemplate(ctx context.Context, conn *pgx.Conn, server string) (string, error) {
	name, err := templateName(db.Migrations)
	if err != nil {
		return "", err
	}
	if ok, err := isComplete(ctx, conn, name); ok || err != nil {
		return name, err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return "", fmt.Errorf("lock the template database: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", templateLock)
	if ok, err := isComplete(ctx, conn, name); ok || err != nil {
		return name, err
	}
	return name, build(ctx, conn, server, name)
}

// isComplete reports whether the template can be cloned. Only a finished one is
// marked as a template, see build.
func isComplete(ctx context.Context, conn *pgx.Conn, name string) (ok bool, err error) {
	err = conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)", name).Scan(&ok)
	if err != nil {
		return false, fmt.Errorf("look for the template database: %w", err)
	}
	return ok, nil
}

// build makes the template. The last step marks it as complete and lets nobody
// connect any more, because a database with connections cannot be cloned.
func build(ctx context.Context, conn *pgx.Conn, server, name string) error {
	dsn, err := withDatabase(server, name)
	if err != nil {
		return err
	}
	for _, sql := range []string{
		"DROP DATABASE IF EXISTS " + quote(name) + " WITH (FORCE)", // half-made by one who died
		"CREATE DATABASE " + quote(name) + " TEMPLATE template0",
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("create the template database: %w", err)
		}
	}
	if err := postgres.Migrate(ctx, dsn, slog.New(slog.DiscardHandler)); err != nil {
		return fmt.Errorf("make the template database: %w", err)
	}
	if _, err := conn.Exec(ctx, "ALTER DATABASE "+quote(name)+" IS_TEMPLATE true ALLOW_CONNECTIONS false"); err != nil {
		return fmt.Errorf("finish the template database: %w", err)
	}
	return nil
}

func templateName(migrations fs.FS) (string, error) {
	sum, err := hashOf(migrations)
	return "son1k_template_" + sum, err
}

// hashOf identifies the content of a folder in 16 hexadecimal digits.
func hashOf(files fs.FS) (string, error) {
	h := sha256.New()
	err := fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(files, path)
		fmt.Fprintf(h, "%s %d\n%s", path, len(content), content)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("hash of the migrations: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)[:8]), nil
}
