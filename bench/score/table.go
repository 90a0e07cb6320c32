package score

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Table prints results.
func (b *Board) Table(w io.Writer, results []Result) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	line := func(cells ...string) { fmt.Fprintln(t, strings.Join(cells, "\t")+"\t") }
	head := []string{"cell"}
	head = append(head, b.systems...)
	line(append(head, "× best peer", "unit")...)
	for _, r := range results {
		cells := []string{r.Cell}
		for _, system := range b.systems {
			value := r.Son1k
			if system != Self {
				value = r.Peers[system]
			}
			cells = append(cells, humanOrDash(value))
		}
		ratio := "–"
		if r.RatioToBestPeer != nil {
			ratio = strconv.FormatFloat(*r.RatioToBestPeer, 'f', 2, 64)
		}
		line(append(cells, ratio, r.Unit)...)
	}
	return t.Flush()
}

func humanOrDash(f *float64) string {
	if f == nil {
		return "–"
	}
	return human(*f)
}

// human is a figure with three digits that count, or all before the point.
func human(f float64) string {
	if f == 0 {
		return "0"
	}
	digits := max(2-int(math.Floor(math.Log10(math.Abs(f)))), 0)
	return strconv.FormatFloat(f, 'f', digits, 64)
}
