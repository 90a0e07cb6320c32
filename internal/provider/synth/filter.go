package synth

import "math"

// svf is a state-variable filter by trapezoidal integration (Zavalishin 2012,
// Simper 2013): stable while its cutoff is swept.
type svf struct {
	a1, a2, a3, k float64
	ic1, ic2      float64
}

// tune sets the cutoff in Hz and the resonance q (0.7 is flat).
func (f *svf) tune(hz, q float64) {
	hz = min(max(hz, 15), sampleRate*0.45)
	g := math.Tan(math.Pi * hz / sampleRate)
	f.k = 1 / q
	f.a1 = 1 / (1 + g*(g+f.k))
	f.a2 = g * f.a1
	f.a3 = g * f.a2
}

// The block methods keep the state in local variables, where the compiler finds
// registers for it.

func (f *svf) lowpass(buf []float64) {
	a1, a2, a3, ic1, ic2 := f.a1, f.a2, f.a3, f.ic1, f.ic2
	for i, x := range buf {
		v3 := x - ic2
		v1 := a1*ic1 + a2*v3
		v2 := ic2 + a2*ic1 + a3*v3
		ic1, ic2 = 2*v1-ic1, 2*v2-ic2
		buf[i] = v2
	}
	f.ic1, f.ic2 = ic1, ic2
}

func (f *svf) highpass(buf []float64) {
	a1, a2, a3, k, ic1, ic2 := f.a1, f.a2, f.a3, f.k, f.ic1, f.ic2
	for i, x := range buf {
		v3 := x - ic2
		v1 := a1*ic1 + a2*v3
		v2 := ic2 + a2*ic1 + a3*v3
		ic1, ic2 = 2*v1-ic1, 2*v2-ic2
		buf[i] = x - k*v1 - v2
	}
	f.ic1, f.ic2 = ic1, ic2
}

// bandpass filters one sample.
func (f *svf) bandpass(x float64) float64 {
	v3 := x - f.ic2
	v1 := f.a1*f.ic1 + f.a2*v3
	v2 := f.ic2 + f.a2*f.ic1 + f.a3*v3
	f.ic1, f.ic2 = 2*v1-f.ic1, 2*v2-f.ic2
	return v1 * f.k
}

// biquad is a direct form II transposed second-order section.
type biquad struct{ b0, b1, b2, a1, a2, z1, z2 float64 }

func (b *biquad) process(buf []float64) {
	b0, b1, b2, a1, a2, z1, z2 := b.b0, b.b1, b.b2, b.a1, b.a2, b.z1, b.z2
	for i, x := range buf {
		y := b0*x + z1
		z1 = b1*x - a1*y + z2
		z2 = b2*x - a2*y
		buf[i] = y
	}
	b.z1, b.z2 = z1, z2
}

// peaking boosts or cuts around hz (Bristow-Johnson's cookbook).
func peaking(hz, q, db float64) biquad {
	a := math.Pow(10, db/40)
	w := 2 * math.Pi * hz / sampleRate
	alpha := math.Sin(w) / (2 * q)
	n := 1 + alpha/a
	return biquad{
		b0: (1 + alpha*a) / n, b1: -2 * math.Cos(w) / n, b2: (1 - alpha*a) / n,
		a1: -2 * math.Cos(w) / n, a2: (1 - alpha/a) / n,
	}
}

// dcBlocker removes what lies below hearing.
type dcBlocker struct{ x, y float64 }

func (d *dcBlocker) process(buf []float64) {
	x0, y := d.x, d.y
	for i, x := range buf {
		y = x - x0 + 0.9985*y // about 10 Hz
		x0 = x
		buf[i] = y
	}
	d.x, d.y = x0, y
}
