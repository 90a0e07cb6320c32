package score

import "slices"

// Result is a row of the results.
type Result struct {
	Cell  string              `json:"cell"`
	Unit  string              `json:"unit"`
	Son1k *float64            `json:"son1k"`
	Peers map[string]*float64 `json:"peers"`
	// RatioToBestPeer is how many times better Son1k is than the best of the
	// peers: above 1 it is the best, whether the unit is better high or low.
	RatioToBestPeer *float64 `json:"ratio_to_best_peer"`
}

// Results are the medians of what has been measured so far.
func (b *Board) Results(rows []Row) []Result {
	results := []Result{}
	for _, row := range rows {
		results = append(results, b.result(row))
	}
	return results
}

func (b *Board) result(row Row) Result {
	r := Result{Cell: row.Name, Unit: row.Unit, Peers: make(map[string]*float64)}
	var best *float64
	for _, system := range b.systems {
		value := b.value(row, system)
		if system == Self {
			r.Son1k = value
			continue
		}
		r.Peers[system] = value
		if value != nil && (best == nil || (*value < *best) == row.Lower) {
			best = value
		}
	}
	if r.Son1k == nil || best == nil || row.Apart {
		return r
	}
	over, under := *r.Son1k, *best
	if row.Lower {
		over, under = under, over
	}
	if under > 0 {
		ratio := over / under
		r.RatioToBestPeer = &ratio
	}
	return r
}

// value is what a system has reached in a row; nil if there is no such figure.
func (b *Board) value(row Row, system string) *float64 {
	if row.Over == "" {
		return median(b.samples[row.Name][system])
	}
	over, under := median(b.samples[row.Over][system]), median(b.samples[row.Under][system])
	if over == nil || under == nil || *under == 0 {
		return nil
	}
	ratio := *over / *under
	return &ratio
}

func median(values []float64) *float64 {
	n := len(values)
	if n == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(values))
	m := (sorted[(n-1)/2] + sorted[n/2]) / 2
	return &m
}
