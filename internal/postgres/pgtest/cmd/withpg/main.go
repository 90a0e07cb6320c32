// Command withpg runs a command with a private, throwaway Postgres server whose
// connection string is in SON1K_TEST_DATABASE_URL:
//
//	go run ./internal/postgres/pgtest/cmd/withpg -- go test ./...
//
// It exits as the command does. The server is stopped and its data removed
// however the command ends; signals are passed on to the command. If the
// variable is set already, no server is started. With -durable the server is as
// careful with its data as in production, for benchmarks.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"son1k/internal/postgres/pgtest"
)

func main() {
	start, args := pgtest.StartThrowaway, os.Args[1:]
	if len(args) > 0 && args[0] == "-durable" {
		start, args = pgtest.StartDurable, args[1:]
	}
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(os.Stderr, "usage: withpg [-durable] [--] command [argument...]")
		os.Exit(2)
	}
	code, err := run(args, start)
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpg:", err)
	}
	os.Exit(code)
}

type starter func(context.Context, *slog.Logger) (*pgtest.Throwaway, error)

func run(args []string, start starter) (code int, err error) {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)

	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(pgtest.EnvURL) == "" {
		server, err := startServer(signals, start)
		if err != nil {
			return 1, err
		}
		defer server.Stop()
		cmd.Env = append(os.Environ(), pgtest.EnvURL+"="+server.DSN())
	}
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	return wait(cmd, signals)
}

// startServer gives up when a signal comes.
func startServer(signals <-chan os.Signal, start starter) (*pgtest.Throwaway, error) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	go func() {
		select {
		case sig := <-signals:
			cancel(fmt.Errorf("got the signal %v", sig))
		case <-ctx.Done():
		}
	}()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := start(ctx, log)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return server, err
}

// wait waits for the command and passes signals on to it. A terminal sends its
// signals to the command as well, which then gets them twice; that is harmless.
func wait(cmd *exec.Cmd, signals <-chan os.Signal) (code int, err error) {
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	for {
		select {
		case sig := <-signals:
			cmd.Process.Signal(sig)
		case err := <-exited:
			return exitCode(err)
		}
	}
}

// exitCode is that of the command, as a shell sees it.
func exitCode(err error) (int, error) {
	if err == nil {
		return 0, nil
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 1, err
	}
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), nil
	}
	return exit.ExitCode(), nil
}
