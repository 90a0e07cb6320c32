package synth

// IntegratedLoudness lets the tests of finished audio use the meter.
func IntegratedLoudness(left, right []float64) float64 {
	l := newLoudness()
	for i := 0; i < len(left); i += blockSize {
		end := min(i+blockSize, len(left))
		l.add(left[i:end], right[i:end])
	}
	return l.integrated()
}
