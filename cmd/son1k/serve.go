package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"son1k/internal/app"
)

// serve runs the process until a signal comes.
func serve(in invocation) error {
	if err := in.parse(in.flags(""), 0); err != nil {
		return err
	}
	log := in.cfg.Logger(os.Stderr)
	role := app.Role{API: in.name != "worker", Worker: in.name != "api"}
	if in.cfg.Embedded() && in.name != "serve" {
		return fmt.Errorf("%s needs DATABASE_URL: the private Postgres belongs to `son1k serve`", in.name)
	}
	a := app.New(app.Options{Config: in.cfg, Log: log, Version: version(), Role: role})
	began := time.Now()
	if err := a.Start(in.ctx); err != nil {
		if in.ctx.Err() != nil {
			return errors.New("stopped while starting")
		}
		return err
	}
	log.Info("started", "role", in.name, "address", a.Addr().String(), "took", time.Since(began).Round(time.Millisecond))
	if token, err := a.LocalToken(24 * time.Hour); err != nil {
		log.Warn("cannot make a token", "error", err)
	} else if token != "" {
		fmt.Fprint(in.stdout, banner(a.Addr(), token, in.cfg.Home))
	}

	<-in.ctx.Done()
	// A second signal ends the process at once, unless it comes so soon that it
	// is the same one passed on by a parent.
	impatient := time.AfterFunc(time.Second, in.stop)
	defer impatient.Stop()
	log.Info("stopping")
	return stopWithin(a, in.cfg.ShutdownTimeout)
}

func stopWithin(a *app.App, timeout time.Duration) error {
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		a.Stop()
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-stopped:
		return nil
	case <-timer.C:
		return fmt.Errorf("not stopped within SHUTDOWN_TIMEOUT (%s); other workers will take over what was left", timeout)
	}
}

// banner greets the person who tries the embedded default.
func banner(addr net.Addr, token, home string) string {
	url := "http://" + addr.String()
	if tcp, ok := addr.(*net.TCPAddr); ok && (tcp.IP.IsLoopback() || tcp.IP.IsUnspecified()) {
		url = fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Son1k is running. Open the studio:\n\n    %s\n\n", url)
	fmt.Fprintf(&b, "  Or ask for a song from a terminal (the token is yours for a day):\n\n")
	fmt.Fprintf(&b, "    TOKEN=%s\n", token)
	fmt.Fprintf(&b, "    curl -s %s/api/generation/create -H \"Authorization: Bearer $TOKEN\" \\\n", url)
	fmt.Fprintf(&b, "      -H 'Content-Type: application/json' -d '{\"prompt\":\"a bolero about the sea\",\"style\":\"bolero\",\"duration\":30}'\n\n")
	fmt.Fprintf(&b, "  Ctrl-C stops it; songs and accounts stay under %s.\n\n", home)
	return b.String()
}
