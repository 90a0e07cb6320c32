package synth

import "math"

const reverbLines = 8

// reverb is a feedback delay network (Jot & Chaigne 1991): eight delays mixed
// by a Hadamard matrix, each losing treble as a room does, behind Schroeder's
// (1962) all-pass diffusers. Every delay is longer than a block, so a whole
// block can pass through one line before the next.
type reverb struct {
	lines           [reverbLines]ring
	gain, damp, low [reverbLines]float64
	diffL, diffR    []allpass
	preL, preR      ring
	cutL, cutR      float64
	taps            [reverbLines][blockSize]float64
	inL, inR        [blockSize]float64
}

// ring is a delay line.
type ring struct {
	buf []float64
	pos int
}

// newReverb makes a room that rings for seconds; bright is 0–1, and a dense
// one has more diffusers.
func newReverb(seconds, bright float64, dense bool) *reverb {
	lengths := [reverbLines]int{1453, 1693, 1931, 2179, 2437, 2711, 3001, 3319}
	size := 0.65 + 0.35*math.Min(seconds/2, 1.4)
	r := &reverb{
		preL: ring{buf: make([]float64, samples(0.018))},
		preR: ring{buf: make([]float64, samples(0.021))},
	}
	for i, n := range lengths {
		n = max(int(float64(n)*size), blockSize)
		r.lines[i].buf = make([]float64, n)
		r.gain[i] = math.Pow(0.001, float64(n)/sampleRate/seconds)
		r.damp[i] = 0.25 + 0.6*bright
	}
	diffusers := []int{142, 379, 613, 277, 487}
	if !dense {
		diffusers = diffusers[:3]
	}
	for _, n := range diffusers {
		r.diffL = append(r.diffL, allpass{ring{buf: make([]float64, n)}, 0.62})
		r.diffR = append(r.diffR, allpass{ring{buf: make([]float64, n+23)}, 0.62})
	}
	return r
}

// process adds the reverberation of a block of at most blockSize samples.
func (r *reverb) process(inL, inR, left, right []float64) {
	n := len(inL)
	l, rt := r.inL[:n], r.inR[:n]
	copy(l, inL)
	copy(rt, inR)
	r.preL.delay(l)
	r.preR.delay(rt)
	for j := range r.diffL {
		r.diffL[j].process(l)
		r.diffR[j].process(rt)
	}
	for j := range r.lines {
		r.read(j, n)
	}
	r.output(left, right)
	for i := range n {
		r.hadamard(i)
	}
	for j := range r.lines {
		if j&1 == 0 {
			r.lines[j].write(r.taps[j][:n], l)
		} else {
			r.lines[j].write(r.taps[j][:n], rt)
		}
	}
}

// read takes the next n samples of a line, dulled and weakened.
func (r *reverb) read(j, n int) {
	line := &r.lines[j]
	low, damp, gain := r.low[j], r.damp[j], r.gain[j]
	buf, pos, out := line.buf, line.pos, r.taps[j][:n]
	for i := range out {
		low += damp * (buf[pos] - low)
		out[i] = low * gain
		if pos++; pos == len(buf) {
			pos = 0
		}
	}
	r.low[j] = low
}

// output sums the lines into two sides, without the bass: reverberated bass is
// mud, so a gentle high-pass at 180 Hz takes it out.
func (r *reverb) output(left, right []float64) {
	cutL, cutR := r.cutL, r.cutR
	t := &r.taps
	for i := range left {
		l := t[0][i] - t[2][i] + t[4][i] - t[6][i]
		rt := t[1][i] - t[3][i] + t[5][i] - t[7][i]
		cutL += 0.025 * (l - cutL)
		cutR += 0.025 * (rt - cutR)
		left[i] += l - cutL
		right[i] += rt - cutR
	}
	r.cutL, r.cutR = cutL, cutR
}

// hadamard mixes all lines into all with equal power.
func (r *reverb) hadamard(i int) {
	t := &r.taps
	a0, a1 := t[0][i]+t[1][i], t[0][i]-t[1][i]
	a2, a3 := t[2][i]+t[3][i], t[2][i]-t[3][i]
	a4, a5 := t[4][i]+t[5][i], t[4][i]-t[5][i]
	a6, a7 := t[6][i]+t[7][i], t[6][i]-t[7][i]
	b0, b2, b1, b3 := a0+a2, a0-a2, a1+a3, a1-a3
	b4, b6, b5, b7 := a4+a6, a4-a6, a5+a7, a5-a7
	const scale = 0.35355339059327373 // 1/√8
	t[0][i], t[4][i] = (b0+b4)*scale, (b0-b4)*scale
	t[1][i], t[5][i] = (b1+b5)*scale, (b1-b5)*scale
	t[2][i], t[6][i] = (b2+b6)*scale, (b2-b6)*scale
	t[3][i], t[7][i] = (b3+b7)*scale, (b3-b7)*scale
}

// write puts the sum of two blocks in.
func (r *ring) write(a, b []float64) {
	buf, pos := r.buf, r.pos
	for i, x := range a {
		buf[pos] = x + b[i]
		if pos++; pos == len(buf) {
			pos = 0
		}
	}
	r.pos = pos
}

// delay replaces a block by what went in the ring's length ago.
func (r *ring) delay(x []float64) {
	buf, pos := r.buf, r.pos
	for i := range x {
		x[i], buf[pos] = buf[pos], x[i]
		if pos++; pos == len(buf) {
			pos = 0
		}
	}
	r.pos = pos
}

// allpass smears a signal in time and leaves its spectrum as it was.
type allpass struct {
	ring
	g float64
}

func (a *allpass) process(x []float64) {
	buf, pos, g := a.buf, a.pos, a.g
	for i, in := range x {
		old := buf[pos]
		out := old - g*in
		buf[pos] = in + g*out
		x[i] = out
		if pos++; pos == len(buf) {
			pos = 0
		}
	}
	a.pos = pos
}
