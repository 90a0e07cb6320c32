package synth

// echo is a ping-pong delay in time with the music; repeats get duller.
type echo struct {
	left, right  []float64
	pos          int
	feedback     float64
	dullL, dullR float64
	inLow        float64
}

func newEcho(seconds, feedback float64) *echo {
	n := max(samples(seconds), 1)
	return &echo{left: make([]float64, n), right: make([]float64, n), feedback: feedback}
}

func (e *echo) process(in, left, right []float64) {
	for i, x := range in {
		// Echoes of the bass only muddy, so they lose it.
		e.inLow += 0.04 * (x - e.inLow)
		x -= e.inLow
		l, r := e.left[e.pos], e.right[e.pos]
		e.dullL += 0.45 * (l - e.dullL)
		e.dullR += 0.45 * (r - e.dullR)
		e.left[e.pos] = x + e.feedback*e.dullR
		e.right[e.pos] = e.feedback * e.dullL
		left[i] += e.dullL
		right[i] += e.dullR
		if e.pos++; e.pos == len(e.left) {
			e.pos = 0
		}
	}
}
