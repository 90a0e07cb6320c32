package main

import (
	"bufio"
	"io"
	"strings"
	"unicode/utf8"
)

// column is one of a table of T.
type column[T any] struct {
	title string
	right bool // numbers line up at their last digit
	text  func(T) string
}

func left[T any](title string, text func(T) string) column[T] { return column[T]{title, false, text} }
func right[T any](title string, text func(T) string) column[T] {
	return column[T]{title, true, text}
}

// writeTable writes rows below the titles of their columns, aligned. Every text
// is made safe.
func writeTable[T any](out io.Writer, rows []T, columns ...column[T]) error {
	lines := make([][]string, 1, len(rows)+1)
	for _, c := range columns {
		lines[0] = append(lines[0], c.title)
	}
	for _, row := range rows {
		var line []string
		for _, c := range columns {
			line = append(line, safe(c.text(row)))
		}
		lines = append(lines, line)
	}
	widths := make([]int, len(columns))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	w := bufio.NewWriter(out)
	for _, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if columns[i].right {
				line[i] = pad + cell
			} else {
				line[i] = cell + pad
			}
		}
		_, _ = w.WriteString(strings.TrimRight(strings.Join(line, "  "), " ") + "\n") // Flush returns the error
	}
	return w.Flush()
}

// line is a name and its value.
type line struct{ name, value string }

// writeLines writes a name and a value a line, aligned and safe.
func writeLines(out io.Writer, lines []line) error {
	width := 0
	for _, l := range lines {
		width = max(width, utf8.RuneCountInString(l.name))
	}
	w := bufio.NewWriter(out)
	for _, l := range lines {
		pad := strings.Repeat(" ", width-utf8.RuneCountInString(l.name))
		_, _ = w.WriteString(l.name + pad + "  " + safe(l.value) + "\n") // Flush returns the error
	}
	return w.Flush()
}
