package synth

import "math"

// amplifier distorts what passes and filters it as a guitar cabinet does. The
// clipper is antialiased through its antiderivative (Parker, Zavalishin & Le
// Bivic 2016), which spares oversampling.
type amplifier struct {
	gain        float64
	tight       svf // takes the boom out before the clipper
	first, last clipper
	between     dcBlocker
	cab1, cab2  svf
	bump        biquad
}

func newAmplifier(gain float64) *amplifier {
	a := &amplifier{gain: gain, bump: peaking(2300, 0.9, 5)}
	a.tight.tune(110, 0.7)
	a.cab1.tune(4300, 0.8)
	a.cab2.tune(5200, 0.6)
	return a
}

func (a *amplifier) process(buf []float64) {
	a.tight.highpass(buf)
	a.first.process(buf, a.gain)
	a.between.process(buf)
	a.last.process(buf, 1.8)
	a.cab1.lowpass(buf)
	a.cab2.lowpass(buf)
	a.bump.process(buf)
}

// clipper is x - x³/3 between -1 and 1 and flat beyond.
type clipper struct{ x, area float64 }

func (c *clipper) process(buf []float64, gain float64) {
	x0, area0 := c.x, c.area
	for i, x := range buf {
		x *= gain
		area := clipArea(x)
		if d := x - x0; d > 1e-5 || d < -1e-5 {
			buf[i] = (area - area0) / d
		} else {
			buf[i] = clipCurve(0.5 * (x + x0))
		}
		x0, area0 = x, area
	}
	c.x, c.area = x0, area0
}

func clipCurve(x float64) float64 {
	switch {
	case x > 1:
		return 2.0 / 3
	case x < -1:
		return -2.0 / 3
	}
	return x - x*x*x/3
}

func clipArea(x float64) float64 {
	if a := math.Abs(x); a > 1 {
		return 2.0/3*a - 0.25
	}
	y := x * x
	return y/2 - y*y/12
}
