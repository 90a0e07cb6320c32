package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"unicode"

	"son1k/internal/app"
	"son1k/internal/postgres"
	"son1k/internal/queue/admin"
)

// verb is one thing that `son1k jobs` does.
type verb struct {
	name     string
	synopsis string
	does     string
	run      func(invocation) error
}

func jobsVerbs() []verb {
	return []verb{
		{"list", "", "live jobs, and why each is not running", jobsList},
		{"show", "ID", "everything about a job, live or ended", jobsShow},
		{"failed", "", "jobs that have failed, newest first, or grouped by error", jobsFailed},
		{"history", "", "jobs that have ended, newest first", jobsHistory},
		{"stats", "", "depth, waits and throughput by queue and priority", jobsStats},
		{"queues", "", "queues with their state and limits", jobsQueues},
		{"workers", "", "worker processes with their heartbeats", jobsWorkers},
		{"health", "", "what to worry about; exit 1 if there is something", jobsHealth},
		{"retry", "ID...", "bring failed or cancelled jobs back, and scheduled ones forward", jobsRetry},
		{"redrive", "--queue Q", "bring many failed jobs back", jobsRedrive},
		{"cancel", "ID... | --queue Q", "cancel jobs, waiting or running", jobsCancel},
		{"priority", "ID N", "move a job up or down: lower runs first", jobsPriority},
		{"pause", "QUEUE", "let no job of a queue start, on any worker", jobsPause},
		{"resume", "QUEUE", "let them start again", jobsResume},
		{"drain", "QUEUE", "pause, and wait if you like until nothing runs", jobsDrain},
		{"limits", "QUEUE", "show or change the limits of a queue", jobsLimits},
		{"enqueue", "--queue Q --kind K", "add a job", jobsEnqueue},
		{"schedules", "", "jobs that are enqueued again and again", jobsSchedules},
		{"schedule", "set|pause|resume|drop NAME", "change one of those", jobsSchedule},
	}
}

// jobs looks at the queue and steers it.
func jobs(in invocation) error {
	if len(in.args) == 0 {
		jobsHelp(in.stderr)
		return errUsage
	}
	if isHelp(in.args[0]) {
		jobsHelp(in.stdout)
		return nil
	}
	return in.choose(jobsVerbs(), jobsHelp)
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}

// choose runs the verb that the first argument names.
func (in invocation) choose(verbs []verb, help func(io.Writer)) error {
	for _, v := range verbs {
		if v.name == in.args[0] {
			in.name, in.args = in.name+" "+v.name, in.args[1:]
			return v.run(in)
		}
	}
	fmt.Fprintf(in.stderr, "son1k %s: there is no %q\n\n", in.name, in.args[0])
	help(in.stderr)
	return errUsage
}

func jobsHelp(w io.Writer) {
	fmt.Fprint(w, "son1k jobs looks at the queue and steers it.\n\nUsage:\n\n")
	for _, v := range jobsVerbs() {
		fmt.Fprintf(w, "  son1k jobs %-35s  %s\n", strings.TrimSpace(v.name+" "+v.synopsis), v.does)
	}
	fmt.Fprint(w, `
Every verb takes --json; those that show times take --utc. With -h it tells its flags.
Changes of many jobs show first what they would change, and ask.
`)
}

// jobFlags is flags with those that every verb has.
func (in invocation) jobFlags(synopsis string) (*flag.FlagSet, *output) {
	fs := in.flags(strings.TrimSpace("[flags] " + synopsis))
	out := &output{w: in.stdout}
	fs.BoolVar(&out.json, "json", false, "write a JSON array instead of a table")
	fs.BoolVar(&out.utc, "utc", false, "show times in UTC instead of the local zone")
	return fs, out
}

// words parses the arguments, flags and words in any order, and returns the
// words. There must be at least so many and at most so many.
func (in invocation) words(fs *flag.FlagSet, least, most int) ([]string, error) {
	var words []string
	for args := in.args; ; {
		if err := fs.Parse(args); errors.Is(err, flag.ErrHelp) {
			return nil, err
		} else if err != nil {
			return nil, errUsage // has been explained
		}
		rest := fs.Args()
		if parsed := len(args) - len(rest); parsed > 0 && args[parsed-1] == "--" {
			words = append(words, rest...)
			break
		}
		if len(rest) == 0 {
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	switch {
	case len(words) < least:
		return nil, in.misused(fs, "something is missing")
	case len(words) > most:
		return nil, in.misused(fs, fmt.Sprintf("unexpected %q", words[most]))
	}
	return words, nil
}

// misused explains what is wrong with the command line.
func (in invocation) misused(fs *flag.FlagSet, what string) error {
	fmt.Fprintf(in.stderr, "son1k %s: %s\n", in.name, safe(what))
	fs.Usage()
	return errUsage
}

// invalid explains input that makes no sense, and passes other errors on.
func (in invocation) invalid(err error) error {
	var invalid *admin.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	for _, f := range invalid.Fields {
		line := strings.TrimSpace(flagName(f.Field) + " " + f.Message)
		fmt.Fprintf(in.stderr, "son1k %s: %s\n", in.name, safe(line))
	}
	return errUsage
}

// flagName is what the command line calls a field: maxAttempts is max-attempts.
func flagName(field string) string {
	switch field {
	case "delay":
		return "in"
	case "runAt":
		return "at"
	case "rateLimit", "rateWindow":
		return "rate"
	case "workerConcurrency":
		return "concurrency"
	}
	var b strings.Builder
	for _, r := range field {
		if unicode.IsUpper(r) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// withQueue calls fn with the queue of the database, which for the private
// server is brought up to date: nobody else would.
func (in invocation) withQueue(fn func(ctx context.Context, queue *admin.Admin) error) error {
	log := in.quietLog()
	err := app.WithDatabase(in.ctx, in.cfg, log, func(ctx context.Context, dsn string) error {
		if in.cfg.Embedded() {
			if err := postgres.Migrate(ctx, dsn, log); err != nil {
				return err
			}
		}
		pool, err := postgres.Open(ctx, dsn, 2, "son1k jobs")
		if err != nil {
			return err
		}
		defer pool.Close()
		return fn(ctx, admin.New(pool))
	})
	return in.readable(err)
}

// readable is an error for people, safe for their terminal.
func (in invocation) readable(err error) error {
	if err = in.invalid(err); err == nil || errors.Is(err, errUsage) {
		return err
	}
	if in.ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return errors.New("interrupted")
	}
	if postgres.Unavailable(err) {
		err = fmt.Errorf("the database does not answer; look at DATABASE_URL, and whether it runs: %w", err)
	}
	return sanitized{err}
}

// sanitized is an error whose text, part of which comes from the database, is
// safe to show. Each of several has a line.
type sanitized struct{ error }

func (s sanitized) Error() string {
	several, ok := s.error.(interface{ Unwrap() []error }) //nolint:errorlint // errors.Join at the top, not deep inside
	if !ok {
		return safe(strings.Join(strings.Fields(s.error.Error()), " "))
	}
	var lines []string
	for _, err := range several.Unwrap() {
		lines = append(lines, sanitized{err}.Error())
	}
	return strings.Join(lines, "\nson1k: ")
}

func (s sanitized) Unwrap() error { return s.error }
