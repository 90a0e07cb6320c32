package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"son1k/internal/app"
	"son1k/internal/postgres"
)

// token prints an access token for an account, which it makes if need be.
func token(in invocation) error {
	fs := in.flags("--user NAME [--tier TIER] [--ttl DURATION]")
	name := fs.String("user", "", "username of the account (required)")
	tier := fs.String("tier", "FREE", "tier of the account: FREE, PRO, PREMIUM or ENTERPRISE")
	ttl := fs.Duration("ttl", 24*time.Hour, "how long the token is good for")
	if err := in.parse(fs, 0); err != nil {
		return err
	}
	if *name == "" || *ttl <= 0 {
		fmt.Fprintln(in.stderr, "son1k token: --user is required and --ttl must be positive")
		fs.Usage()
		return errUsage
	}
	text, err := app.MakeToken(in.ctx, in.cfg, in.quietLog(), *name, *tier, *ttl)
	if err != nil {
		return err
	}
	fmt.Fprintln(in.stdout, text)
	return nil
}

// maxAnnouncement is what people will read, in bytes.
const maxAnnouncement = 2000

func announce(in invocation) error {
	fs := in.flags("[--type TYPE] MESSAGE")
	typ := fs.String("type", "info", "kind of announcement, for clients that show them differently")
	if err := in.parse(fs, 1); err != nil {
		return err
	}
	message := strings.TrimSpace(fs.Arg(0))
	if message == "" || len(message) > maxAnnouncement || !utf8.ValidString(message) {
		fmt.Fprintf(in.stderr, "son1k announce: a message of at most %d bytes is required; put it in quotes\n", maxAnnouncement)
		fs.Usage()
		return errUsage
	}
	return app.Announce(in.ctx, in.cfg, in.quietLog(), message, *typ)
}

// quietLog is for tools, whose output people read: warnings only.
func (in invocation) quietLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(in.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func migrate(in invocation) error {
	fs := in.flags("[up | status | down N]")
	if err := in.parse(fs, 2); err != nil {
		return err
	}
	var run func(ctx context.Context, dsn string) error
	switch verb := fs.Arg(0); {
	case (verb == "" || verb == "up") && fs.NArg() <= 1:
		run = func(ctx context.Context, dsn string) error {
			return postgres.Migrate(ctx, dsn, in.cfg.Logger(os.Stderr))
		}
	case verb == "status" && fs.NArg() == 1:
		run = in.migrationStatus
	case verb == "down" && fs.NArg() == 2:
		version, err := strconv.ParseInt(fs.Arg(1), 10, 64)
		if err != nil || version < 0 {
			return fmt.Errorf("migrate down: %q is not a version", fs.Arg(1))
		}
		run = func(ctx context.Context, dsn string) error { return postgres.MigrateDown(ctx, dsn, version) }
	default:
		fs.Usage()
		return errUsage
	}
	return app.WithDatabase(in.ctx, in.cfg, in.quietLog(), run)
}

func (in invocation) migrationStatus(ctx context.Context, dsn string) error {
	states, err := postgres.MigrationStatus(ctx, dsn)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(in.stdout, 0, 0, 2, ' ', 0)
	for _, s := range states {
		applied := "pending"
		if s.Applied {
			applied = "applied"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", s.Version, applied, s.Name)
	}
	return w.Flush()
}

func showConfig(in invocation) error {
	if err := in.parse(in.flags(""), 0); err != nil {
		return err
	}
	w := tabwriter.NewWriter(in.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIABLE\tVALUE\tMEANING")
	for _, v := range in.cfg.Variables() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Name, v.Value, v.Help)
	}
	return w.Flush()
}

// health asks a server whether it is ready, for container health checks.
func health(in invocation) error {
	fs := in.flags("[URL]")
	if err := in.parse(fs, 1); err != nil {
		return err
	}
	host := in.cfg.ListenHost()
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	url := "http://" + net.JoinHostPort(host, strconv.Itoa(int(in.cfg.Port)))
	if fs.NArg() == 1 {
		url = fs.Arg(0)
	}
	ctx, cancel := context.WithTimeout(in.ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("health: %q is not a URL", url)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("health: no answer from %s", url)
	}
	defer res.Body.Close() //nolint:errcheck // read only
	var body struct {
		Status string `json:"status"`
	}
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil {
		return errors.New("health: the answer is not Son1k's")
	}
	fmt.Fprintln(in.stdout, body.Status)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("health: %s is not ready", url)
	}
	return nil
}
