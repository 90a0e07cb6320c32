// Command son1k is the whole product: API, worker and tools in one binary.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"son1k/internal/config"
)

const usage = `son1k turns prompts into songs: one binary, one Postgres.

Usage:

  son1k serve              API, worker and studio in one process
  son1k api                API and studio only
  son1k worker             worker only
  son1k migrate [up]       bring the database schema up to date
  son1k migrate status     list the migrations
  son1k migrate down N     take the schema back to version N
  son1k token --user NAME [--tier TIER] [--ttl DURATION]
                           make the account if need be and print a token for it
  son1k announce MESSAGE   tell everybody who is connected
  son1k jobs VERB ...      look at the queue and steer it: see son1k jobs help
  son1k config             print the configuration, secrets masked
  son1k health [URL]       ask a running server; exit 0 if it is ready
  son1k version            print the version

Everything else is set by environment variables: see son1k config. Without
DATABASE_URL a private Postgres runs under .son1k in the current folder.
`

// Exit codes.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
)

// errUsage means that the command line makes no sense; it has been explained.
var errUsage = errors.New("usage")

// gcPercent suits processes whose live heap is small beside what they allocate:
// workers do a sixth more jobs on the same processors. A process that only serves
// the API allocates little, but may hold thousands of idle sockets, for each of
// which the collector would otherwise let four times its size lie about.
const (
	gcPercent    = 400
	gcPercentAPI = 30
)

func main() {
	if os.Getenv("GOGC") == "" {
		percent := gcPercent
		if len(os.Args) > 1 && os.Args[1] == "api" {
			percent = gcPercentAPI
		}
		debug.SetGCPercent(percent)
	}
	os.Exit(run(os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

func run(args, environ []string, stdout, stderr io.Writer) int {
	return runFrom(input{os.Stdin, isTerminal(os.Stdin)}, args, environ, stdout, stderr)
}

func runFrom(stdin input, args, environ []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := dispatch(invocation{ctx: ctx, stop: stop, name: args[0], args: args[1:], stdin: stdin, stdout: stdout, stderr: stderr}, environ)
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	default:
		fmt.Fprintln(stderr, "son1k:", err)
		return exitError
	}
}

func dispatch(in invocation, environ []string) error {
	switch in.name {
	case "help", "-h", "--help":
		fmt.Fprint(in.stdout, usage)
		return nil
	case "version", "--version":
		fmt.Fprintln(in.stdout, version())
		return nil
	}
	cmd, ok := map[string]command{
		"serve": serve, "api": serve, "worker": serve,
		"migrate": migrate, "token": token, "announce": announce, "jobs": jobs, "config": showConfig, "health": health,
	}[in.name]
	if !ok {
		fmt.Fprintf(in.stderr, "son1k: there is no command %q\n\n%s", in.name, usage)
		return errUsage
	}
	var err error
	if in.cfg, err = config.Load(environ); err != nil {
		return fmt.Errorf("the configuration does not make sense:\n%w", err)
	}
	return cmd(in)
}

// invocation is what a command gets.
type invocation struct {
	ctx    context.Context // ends with the first signal
	stop   func()          // gives the next signal its usual effect
	name   string
	args   []string
	cfg    config.Config
	stdin  input
	stdout io.Writer
	stderr io.Writer
}

type command func(invocation) error

// flags returns a flag set that explains itself on standard error.
func (in invocation) flags(synopsis string) *flag.FlagSet {
	fs := flag.NewFlagSet("son1k "+in.name, flag.ContinueOnError)
	fs.SetOutput(in.stderr)
	fs.Usage = func() {
		fmt.Fprintf(in.stderr, "Usage: son1k %s %s\n", in.name, synopsis)
		fs.PrintDefaults()
	}
	return fs
}

// parse parses args and takes at most maxArgs words beside the flags.
func (in invocation) parse(fs *flag.FlagSet, maxArgs int) error {
	if err := fs.Parse(in.args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if fs.NArg() > maxArgs {
		fmt.Fprintf(in.stderr, "son1k %s: unexpected %q\n", in.name, fs.Arg(maxArgs))
		fs.Usage()
		return errUsage
	}
	return nil
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return buildVersion
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && buildVersion == "dev" {
			return "dev-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return buildVersion
}

// buildVersion is set by the linker.
var buildVersion = "dev"
