package synth

import "math"

const lookahead = 96 // samples, about 2 ms

// limiter keeps the signal below its ceiling by turning it down before a peak
// arrives. It looks between the samples as well, since a converter will.
type limiter struct {
	ceiling        float64
	release        float64
	delayL, delayR [lookahead]float64
	want           [lookahead]float64 // gains that the delayed samples need
	smooth         [lookahead]float64
	sum            float64
	held           float64
	pos            int
	past           [2][3]float64
	lowest         float64
	lowestAge      int
}

func newLimiter(ceiling float64) *limiter {
	l := &limiter{
		ceiling: ceiling, held: 1, lowest: 1, sum: lookahead,
		release: 1 - math.Exp(-1/(0.16*sampleRate)),
	}
	for i := range lookahead {
		l.want[i], l.smooth[i] = 1, 1
	}
	return l
}

func (l *limiter) process(left, right []float64) {
	for i := range left {
		x, y := left[i], right[i]
		peak := max(l.between(0, x), l.between(1, y))
		want := 1.0
		if peak > l.ceiling {
			want = l.ceiling / peak
		}
		l.hold(want)
		// The average of a held minimum reaches it just in time.
		l.sum += l.held - l.smooth[l.pos]
		l.smooth[l.pos] = l.held
		gain := l.sum / lookahead
		left[i], right[i] = l.delayL[l.pos]*gain, l.delayR[l.pos]*gain
		l.delayL[l.pos], l.delayR[l.pos] = x, y
		if l.pos++; l.pos == lookahead {
			l.pos = 0
		}
	}
}

// between returns the largest magnitude of the newest sample and of the curve
// half way between the two samples before it.
func (l *limiter) between(ch int, x float64) float64 {
	p := &l.past[ch]
	mid := 0.5625*(p[1]+p[2]) - 0.0625*(p[0]+x)
	p[0], p[1], p[2] = p[1], p[2], x
	return max(x, -x, mid, -mid)
}

// hold keeps the lowest wanted gain for the length of the look-ahead and lets
// it rise slowly afterwards.
func (l *limiter) hold(want float64) {
	l.want[l.pos] = want
	l.lowestAge++
	switch {
	case want <= l.lowest:
		l.lowest, l.lowestAge = want, 0
	case l.lowestAge >= lookahead:
		l.lowest, l.lowestAge = l.scan()
	}
	if l.lowest < l.held {
		l.held = l.lowest
		return
	}
	l.held += l.release * (l.lowest - l.held)
}

func (l *limiter) scan() (lowest float64, age int) {
	lowest = 2
	for i := range lookahead {
		j := l.pos - i
		if j < 0 {
			j += lookahead
		}
		if l.want[j] < lowest {
			lowest, age = l.want[j], i
		}
	}
	return lowest, age
}
