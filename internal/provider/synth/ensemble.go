package synth

import "math"

// ensemble is a chorus effect: it widens a mono signal: two modulated delays, one a side, whose slow
// movements oppose each other (as in the Juno of 1982).
type ensemble struct {
	line        [2048]float64
	w           int
	phase, step float64
	mix         float64
	left, right float64
	dl, dr      float64
}

func newEnsemble(mix float64) *ensemble {
	c := &ensemble{mix: mix, step: 0.6 / sampleRate}
	c.left, c.right = c.delays()
	return c
}

func (c *ensemble) delays() (left, right float64) {
	lfo := sine(c.phase)
	return 420 + 130*lfo, 420 - 130*lfo
}

// process reads mono and writes the two sides.
func (c *ensemble) process(mono, left, right []float64) {
	n := len(mono)
	c.phase = math.Mod(c.phase+c.step*float64(n), 1)
	l, r := c.delays()
	c.dl, c.dr = (l-c.left)/float64(n), (r-c.right)/float64(n)
	dry := 1 - 0.4*c.mix
	for i, x := range mono {
		c.line[c.w&2047] = x
		c.left += c.dl
		c.right += c.dr
		left[i] = dry*x + c.mix*c.read(c.left)
		right[i] = dry*x + c.mix*c.read(c.right)
		c.w++
	}
}

func (c *ensemble) read(delay float64) float64 {
	i := int(delay)
	f := delay - float64(i)
	a, b := c.line[(c.w-i)&2047], c.line[(c.w-i-1)&2047]
	return a + f*(b-a)
}
