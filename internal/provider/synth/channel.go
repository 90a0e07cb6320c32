package synth

import "math"

// channel is a strip of the mixer at work.
type channel struct {
	track
	buf          [blockSize]float64
	wide         [2][blockSize]float64
	active       bool
	idle         int // samples since the last voice fell silent
	amp          *amplifier
	widener      *ensemble
	low, high    *svf
	left, right  float64
	reverb, echo float64
	duckDepth    float64
	duckNow      float64
}

func newChannel(t track, duck float64) channel {
	m := t.mix
	c := channel{track: t, reverb: m.reverb, echo: m.echo}
	angle := (m.pan + 1) * math.Pi / 4
	c.left, c.right = t.gain*math.Cos(angle), t.gain*math.Sin(angle)
	if m.drive > 0 {
		c.amp = newAmplifier(m.drive)
	}
	if m.chorus > 0 {
		c.widener = newEnsemble(m.chorus)
	}
	if m.low > 0 {
		c.low = new(svf)
		c.low.tune(m.low, 0.7)
	}
	if m.high > 0 {
		c.high = new(svf)
		c.high.tune(m.high, 0.7)
	}
	if m.duck {
		c.duckDepth = duck
	}
	c.idle = sampleRate
	return c
}

// strike starts the voice of an event.
func (c *channel) strike(e *event) voice {
	s := c.sound
	if c.kit != nil {
		s = c.kit[e.pitch]
	}
	return s.voice(tone{pitch: float64(e.pitch), dur: e.dur, vel: e.vel, mute: e.mute, seed: e.seed})
}

func (c *channel) clear(n int) {
	clear(c.buf[:n])
	c.active = false
}

// mix sends the channel's block to the main bus and the effects.
func (c *channel) mix(r *renderer, n int, duck float64) {
	if c.active {
		c.idle = 0
	} else if c.idle += n; c.idle > sampleRate/4 {
		// Filters and amplifier have long run out.
		return
	}
	buf := c.buf[:n]
	c.insert(buf)
	if c.duckDepth > 0 {
		c.pump(buf, duck)
	}
	l, rt := buf, buf
	if c.widener != nil {
		l, rt = c.wide[0][:n], c.wide[1][:n]
		c.widener.process(buf, l, rt)
	}
	wet, send := c.reverb, c.echo*(c.left+c.right)*0.7
	for i := range buf {
		x, y := l[i]*c.left, rt[i]*c.right
		r.left[i] += x
		r.right[i] += y
		r.wetL[i] += x * wet
		r.wetR[i] += y * wet
	}
	if send > 0 {
		for i, x := range buf {
			r.send[i] += x * send
		}
	}
}

// insert runs the channel's own effects.
func (c *channel) insert(buf []float64) {
	if c.amp != nil {
		c.amp.process(buf)
	}
	if c.low != nil {
		c.low.highpass(buf)
	}
	if c.high != nil {
		c.high.lowpass(buf)
	}
}

// pump turns the block down by the ducker, gliding from the last block's gain.
func (c *channel) pump(buf []float64, duck float64) {
	step := (duck - c.duckNow) / float64(len(buf))
	for i := range buf {
		c.duckNow += step
		buf[i] *= 1 - c.duckDepth*c.duckNow
	}
}
