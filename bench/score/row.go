package score

// Row is a line of the table.
type Row struct {
	Name  string
	Unit  string
	Lower bool // the lower, the better
	Apart bool // systems are not to be compared by it, only each with itself

	// A row may be one row over another.
	Over, Under string
}

// Figures are the results of one run, by row. A row may be missing: the system
// does not have what it measures.
type Figures map[string]float64

// At is a percentile of sorted times in microseconds, in milliseconds.
func At(sorted []int64, percent int) float64 {
	return float64(sorted[(len(sorted)-1)*percent/100]) / 1000
}
