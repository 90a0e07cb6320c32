package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"time"

	"son1k/internal/queue/admin"
)

// output is how a verb writes: a table for people or JSON for programs.
type output struct {
	w    io.Writer
	json bool
	utc  bool
}

// rows writes a table, or what the rows are as JSON. With no rows people read
// none instead.
func rows[T any](out *output, rows []T, none string, columns ...column[T]) error {
	if out.json {
		return out.encode(rows)
	}
	if len(rows) == 0 {
		return out.say(none)
	}
	return writeTable(out.w, rows, columns...)
}

// encode writes an array.
func (out *output) encode(array any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(array); err != nil {
		return err
	}
	_, err := io.WriteString(out.w, safeJSON(b.String()))
	return err
}

// say writes a line for people.
func (out *output) say(line string) error {
	_, err := fmt.Fprintln(out.w, line)
	return err
}

func (out *output) zone() *time.Location {
	if out.utc {
		return time.UTC
	}
	return time.Local
}

// at writes a time to the second. The zone is told only if it was asked for:
// else it is the reader's own.
func (out *output) at(t time.Time) string {
	if out.utc {
		return t.UTC().Format(time.DateTime + "Z")
	}
	return t.Local().Format(time.DateTime)
}

func (out *output) atOr(t *time.Time, otherwise string) string {
	if t == nil {
		return otherwise
	}
	return out.at(*t)
}

// The rest writes values that may be missing.

func span(s *admin.Span) string {
	if s == nil {
		return ""
	}
	return humane(time.Duration(*s))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func numberOr(n *int, otherwise string) string {
	if n == nil {
		return otherwise
	}
	return strconv.Itoa(*n)
}

func millis(ms *float64) string {
	if ms == nil {
		return ""
	}
	if *ms < 10 {
		return strconv.FormatFloat(*ms, 'f', 1, 64) + "ms"
	}
	return humane(time.Duration(*ms * float64(time.Millisecond)))
}

func id(n int64) string { return strconv.FormatInt(n, 10) }

// counted is "1 job", "2 jobs".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return strconv.Itoa(n) + " " + what + "s"
}
