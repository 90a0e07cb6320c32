package suite

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
func (s *Suite) Results() []Result {
	results := []Result{}
	for _, c := range s.cells() {
		if !s.wants(c) {
			continue
		}
		for _, row := range c.rows {
			results = append(results, s.result(row))
		}
	}
	return results
}

func (s *Suite) result(row row) Result {
	r := Result{Cell: row.name, Unit: row.unit, Peers: make(map[string]*float64)}
	var best *float64
	for _, sys := range s.systems {
		value := s.value(row, sys.name)
		if sys.name == self {
			r.Son1k = value
			continue
		}
		r.Peers[sys.name] = value
		if value != nil && (best == nil || (*value < *best) == row.lower) {
			best = value
		}
	}
	if r.Son1k == nil || best == nil {
		return r
	}
	over, under := *r.Son1k, *best
	if row.lower {
		over, under = under, over
	}
	if under > 0 {
		ratio := over / under
		r.RatioToBestPeer = &ratio
	}
	return r
}

// value is what a system has reached in a row; nil if there is no such figure.
func (s *Suite) value(row row, system string) *float64 {
	if row.over == "" {
		return median(s.samples[row.name][system])
	}
	over, under := median(s.samples[row.over][system]), median(s.samples[row.under][system])
	if over == nil || under == nil || *under == 0 {
		return nil
	}
	ratio := *over / *under
	return &ratio
}

// lowest is the lowest median of the systems in a row.
func (s *Suite) lowest(name string) (lowest float64, ok bool) {
	for _, values := range s.samples[name] {
		if m := median(values); !ok || *m < lowest {
			lowest, ok = *m, true
		}
	}
	return lowest, ok
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
