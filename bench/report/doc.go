// Package report draws results for people: an SVG of bars and a table in
// Markdown.
package report
