package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"son1k/bench/score"
)

// Markdown writes the results as a table.
func Markdown(w io.Writer, results []score.Result) error {
	known := make(map[string]bool)
	for _, r := range results {
		for name := range r.Peers {
			known[name] = true
		}
	}
	peers := slices.Sorted(maps.Keys(known))
	var b strings.Builder
	fmt.Fprintf(&b, "| cell | unit | Son1k | %s | Son1k ÷ best peer |\n", strings.Join(peers, " | "))
	b.WriteString("|---|---|" + strings.Repeat("---|", len(peers)+2) + "\n")
	for _, r := range results {
		fmt.Fprintf(&b, "| %s | %s | %s |", r.Cell, r.Unit, cellOf(r.Son1k))
		for _, p := range peers {
			fmt.Fprintf(&b, " %s |", cellOf(r.Peers[p]))
		}
		fmt.Fprintf(&b, " %s |\n", cellOf(r.RatioToBestPeer))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cellOf(v *float64) string {
	if v == nil {
		return "–"
	}
	return number(*v)
}
