package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"

	"son1k/internal/queue/admin"
)

// bulk is a change of many jobs, which shows first what it would do, and asks.
type bulk struct {
	in     invocation
	out    *output
	dryRun bool
	yes    bool
	action string // "cancel": what is to be done with the jobs
}

// bulk returns a change with its flags.
func (in invocation) bulk(fs *flag.FlagSet, out *output, action string) *bulk {
	b := &bulk{in: in, out: out, action: action}
	fs.BoolVar(&b.dryRun, "dry-run", false, "with --queue, only show which jobs it would be")
	fs.BoolVar(&b.yes, "yes", false, "with --queue, do not ask")
	return b
}

// approved shows what would change and reports whether to go on with it.
func (b *bulk) approved(ctx context.Context, p admin.Preview, note string) (bool, error) {
	if b.dryRun && b.out.json {
		return false, b.out.encode([]admin.Preview{p})
	}
	shown := b.in.stderr // keeps standard output for what is changed
	if b.dryRun {
		shown = b.in.stdout
	}
	if err := b.show(shown, p, note); err != nil || b.dryRun {
		return false, err
	}
	if p.Jobs == 0 {
		if b.out.json {
			return false, b.out.encode([]admin.Cancelled{})
		}
		return false, nil
	}
	return true, b.confirm(ctx)
}

func (b *bulk) show(w io.Writer, p admin.Preview, note string) error {
	if p.Jobs == 0 {
		_, err := fmt.Fprintln(w, "No job matches: there is nothing to do.")
		return err
	}
	fmt.Fprintf(w, "%s to %s", counted(p.Jobs, "job"), b.action)
	if p.Limited {
		fmt.Fprint(w, ", which is as many as --max allows: there may be more")
	}
	fmt.Fprint(w, ":\n\n")
	err := writeTable(w, p.Groups,
		right("JOBS", func(g admin.Group) string { return strconv.Itoa(g.Jobs) }),
		left("KIND", func(g admin.Group) string { return g.Kind }),
		left("STATE", func(g admin.Group) string { return g.State }))
	if err != nil {
		return err
	}
	fmt.Fprint(w, "\nSuch as:\n\n")
	columns := []column[admin.Example]{
		right("ID", func(e admin.Example) string { return id(e.ID) }),
		left("KIND", func(e admin.Example) string { return e.Kind }),
		left("STATE", func(e admin.Example) string { return e.State }),
		left("KEY", func(e admin.Example) string { return clip(text(e.Key), keyWidth) }),
	}
	if slices.ContainsFunc(p.Examples, func(e admin.Example) bool { return e.LastError != nil }) {
		columns = append(columns, left("LAST ERROR", func(e admin.Example) string { return clip(text(e.LastError), errorWidth) }))
	}
	err = writeTable(w, p.Examples, columns...)
	if err == nil && note != "" {
		_, err = fmt.Fprintf(w, "\n%s\n", note)
	}
	return err
}

// confirm asks, unless it was told not to.
func (b *bulk) confirm(ctx context.Context) error {
	if b.yes {
		return nil
	}
	if !b.in.stdin.terminal {
		return errors.New("nothing was changed: there is no terminal to ask on; if this is what you want, add --yes")
	}
	fmt.Fprint(b.in.stderr, "\nType yes to go on: ")
	answer, err := b.in.stdin.line(ctx)
	if err != nil {
		return fmt.Errorf("nothing was changed: %w", err)
	}
	if answer != "yes" {
		return errors.New("nothing was changed")
	}
	return nil
}
