package report

import (
	"cmp"
	"fmt"
	"html"
	"io"
	"maps"
	"slices"

	"son1k/bench/score"
)

// Sizes of the drawing, in pixels.
const (
	width     = 760
	left      = 190 // of the bars
	barWidth  = 460
	barHeight = 15
	rowHeight = 19
	titleRoom = 30
	gap       = 14
)

type bar struct {
	name  string
	value float64
}

// Chart draws a group of bars for each of the cells that has a figure of Son1k's,
// on a scale of its own, ours first.
func Chart(w io.Writer, results []score.Result, cells []string) error {
	c := &canvas{}
	for _, cell := range cells {
		i := slices.IndexFunc(results, func(r score.Result) bool { return r.Cell == cell })
		if i >= 0 && results[i].Son1k != nil {
			c.group(results[i])
		}
	}
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12">
<rect width="100%%" height="100%%" fill="#fff"/>
%s</svg>
`, width, c.y+gap, c.body)
	return err
}

type canvas struct {
	body string
	y    int
}

func (c *canvas) add(format string, args ...any) { c.body += fmt.Sprintf(format+"\n", args...) }

func (c *canvas) group(r score.Result) {
	bars := []bar{{"Son1k", *r.Son1k}}
	for _, name := range slices.Sorted(maps.Keys(r.Peers)) {
		if v := r.Peers[name]; v != nil {
			bars = append(bars, bar{name, *v})
		}
	}
	most := slices.MaxFunc(bars, func(a, b bar) int { return cmp.Compare(a.value, b.value) }).value
	c.y += gap + titleRoom
	c.add(`<text x="12" y="%d" font-weight="600" font-size="14">%s</text><text x="%d" y="%d" fill="#666">%s</text>`,
		c.y-10, html.EscapeString(r.Cell), left, c.y-10, html.EscapeString(r.Unit))
	for i, b := range bars {
		fill := "#b8bcc6"
		if i == 0 {
			fill = "#d9480f"
		}
		length := 1.0
		if most > 0 {
			length = max(b.value/most*barWidth, 1)
		}
		c.add(`<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/><text x="%.1f" y="%d">%s</text>`,
			left-8, c.y+12, html.EscapeString(b.name), left, c.y, length, barHeight, fill, left+length+6, c.y+12, number(b.value))
		c.y += rowHeight
	}
}

// number has three significant digits.
func number(v float64) string {
	switch {
	case v >= 10_000:
		return fmt.Sprintf("%.1fk", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.3g", v)
	}
}
