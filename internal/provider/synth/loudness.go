package synth

import "math"

// loudness measures LUFS after ITU-R BS.1770-4: K-weighting, blocks of 400 ms
// overlapping by three quarters, an absolute and a relative gate.
type loudness struct {
	filters [2][2]biquad
	power   float64
	count   int
	scratch [2][blockSize]float64
	steps   []float64 // mean power of each 100 ms
}

func newLoudness() *loudness {
	l := &loudness{}
	for ch := range l.filters {
		l.filters[ch] = [2]biquad{kShelf(), kHighpass()}
	}
	return l
}

// kShelf is the head's boost of treble; constants from the standard's analogue
// prototype so that they hold at any sample rate.
func kShelf() biquad {
	const hz, q, gain = 1681.974450955533, 0.7071752369554196, 1.584864701130855
	k := math.Tan(math.Pi * hz / sampleRate)
	vb := math.Pow(gain, 0.4996667741545416)
	n := 1 + k/q + k*k
	return biquad{
		b0: (gain + vb*k/q + k*k) / n, b1: 2 * (k*k - gain) / n, b2: (gain - vb*k/q + k*k) / n,
		a1: 2 * (k*k - 1) / n, a2: (1 - k/q + k*k) / n,
	}
}

func kHighpass() biquad {
	const hz, q = 38.13547087602444, 0.5003270373238773
	k := math.Tan(math.Pi * hz / sampleRate)
	n := 1 + k/q + k*k
	return biquad{b0: 1, b1: -2, b2: 1, a1: 2 * (k*k - 1) / n, a2: (1 - k/q + k*k) / n}
}

// add measures a stereo block of at most blockSize samples.
func (l *loudness) add(left, right []float64) {
	x, y := l.weigh(0, left), l.weigh(1, right)
	for i := range x {
		l.tally(x[i]*x[i] + y[i]*y[i])
	}
}

// addMono measures a signal that will be panned with constant power.
func (l *loudness) addMono(mono []float64) {
	for _, x := range l.weigh(0, mono) {
		l.tally(x * x)
	}
}

// weigh is the K-weighted copy of a block.
func (l *loudness) weigh(ch int, x []float64) []float64 {
	buf := l.scratch[ch][:len(x)]
	copy(buf, x)
	l.filters[ch][0].process(buf)
	l.filters[ch][1].process(buf)
	return buf
}

func (l *loudness) tally(power float64) {
	l.power += power
	if l.count++; l.count == sampleRate/10 {
		l.steps = append(l.steps, l.power/float64(l.count))
		l.power, l.count = 0, 0
	}
}

const silence = -120.0 // LUFS reported for nothing at all

// integrated is the gated loudness of everything added so far.
func (l *loudness) integrated() float64 {
	var blocks []float64
	for i := 3; i < len(l.steps); i++ {
		blocks = append(blocks, (l.steps[i]+l.steps[i-1]+l.steps[i-2]+l.steps[i-3])/4)
	}
	if len(blocks) == 0 {
		blocks = l.steps
	}
	loud := gate(blocks, -70)
	return gate(blocks, loud-10)
}

// gate is the loudness of the blocks above a threshold.
func gate(blocks []float64, threshold float64) float64 {
	sum, n := 0.0, 0
	for _, p := range blocks {
		if lufs(p) >= threshold {
			sum += p
			n++
		}
	}
	if n == 0 {
		return silence
	}
	return lufs(sum / float64(n))
}

func lufs(power float64) float64 {
	if power < 1e-12 {
		return silence
	}
	return -0.691 + 10*math.Log10(power)
}
