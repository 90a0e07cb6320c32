package synth

import "math"

// drum is a percussion instrument: up to two falling sines for the skin or
// shell, filtered noise for wires and breath, and six detuned squares for
// metal, as in the analogue drum machines of the 1980s.
type drum struct {
	from, to   float64 // Hz of the skin, falling
	fall       float64 // seconds of the fall to -60 dB
	ring       float64 // seconds the skin rings
	body       float64 // level of the skin
	mode       float64 // ratio of a second mode, 0 for none
	noise      float64 // level of the noise
	hiss       float64 // seconds the noise lasts
	low, high  float64 // Hz between which the noise lies
	metal      float64 // level of the squares
	pitch      float64 // Hz of the lowest square
	click      float64 // level of the beater's click
	claps      int     // bursts before the noise rings, as hands do
	attack     float64 // seconds of onset, for shakers and brushes
	saturation float64 // drive of the skin
}

type drumVoice struct {
	d             drum
	gain          float64
	phase, phase2 float64
	bend, bendDie float64
	skin, skinDie float64
	air, airDie   float64
	tick, tickDie float64
	felt          float64
	rise          float64
	rnd           noise
	hp, lp        svf
	squares       [6]float64
	age           int
}

func (d drum) voice(t tone) voice {
	v := &drumVoice{
		d: d, gain: t.amplitude(), rnd: newNoise(t.seed),
		bend: 1, bendDie: decayPerSample(d.fall),
		skin: 1, skinDie: decayPerSample(d.ring),
		air: 1, airDie: decayPerSample(d.hiss * (0.8 + 0.2*t.vel)),
		tick: 1, tickDie: decayPerSample(0.012), rise: 1,
	}
	if d.attack > 0 {
		v.rise = 0
	}
	// A played drum never sounds twice the same.
	detune := math.Exp2(0.15 * v.rnd.next() / 12)
	v.d.from *= detune
	v.d.to *= detune
	v.hp.tune(d.low, 0.8)
	v.lp.tune(d.high*(0.75+0.25*t.vel), 0.7)
	for i := range v.squares {
		v.squares[i] = 0.5 + 0.5*v.rnd.next()
	}
	return v
}

func (v *drumVoice) render(out []float64) bool {
	if v.d.body > 0 && v.skin > 1e-4 {
		v.beat(out)
	}
	if v.d.noise+v.d.metal > 0 && v.air > 1e-4 {
		v.hissing(out)
	}
	v.age += len(out)
	return v.d.body > 0 && v.skin > 1e-4 || v.d.noise+v.d.metal > 0 && v.air > 1e-4
}

// beat adds the skin and the click.
func (v *drumVoice) beat(out []float64) {
	const step = 1.0 / sampleRate
	for i := range out {
		hz := v.d.to + (v.d.from-v.d.to)*v.bend
		v.phase += hz * step
		x := sine(v.phase)
		if v.d.mode > 0 {
			v.phase2 += hz * v.d.mode * step
			x += 0.6 * sine(v.phase2) * v.skin
		}
		x *= v.skin
		if v.d.saturation > 0 {
			x = softClip(x * v.d.saturation)
		}
		x *= v.d.body
		if v.tick > 1e-3 {
			// A beater is felt, not glass: the click loses its top.
			v.felt += 0.4 * (v.rnd.next() - v.felt)
			x += 1.8 * v.d.click * v.tick * v.felt
			v.tick *= v.tickDie
		}
		// Half a millisecond of onset keeps the start free of a step.
		if age := v.age + i; age < 22 {
			x *= float64(age) / 22
		}
		out[i] += x * v.gain
		v.skin *= v.skinDie
		v.bend *= v.bendDie
	}
}

// hissing adds noise and metal.
func (v *drumVoice) hissing(out []float64) {
	var hiss [blockSize]float64
	buf := hiss[:len(out)]
	rnd, level := v.rnd, v.d.noise
	for i := range buf {
		buf[i] = level * rnd.next()
	}
	v.rnd = rnd
	if v.d.metal > 0 {
		v.addMetal(buf)
	}
	v.hp.highpass(buf)
	v.lp.lowpass(buf)
	attack := 1.0
	if v.d.attack > 0 {
		attack = 1 / (v.d.attack * sampleRate)
	}
	for i, x := range buf {
		level := v.air
		if v.d.claps > 0 {
			level = v.clapLevel(v.age + i)
		} else {
			v.air *= v.airDie
		}
		if v.rise < 1 {
			v.rise = min(v.rise+attack, 1)
			level *= v.rise
		}
		out[i] += x * level * v.gain
	}
}

// clapLevel is a few short bursts 10 ms apart, then a tail.
func (v *drumVoice) clapLevel(age int) float64 {
	const gap = 441
	if n := age / gap; n < v.d.claps {
		return 1 - float64(age%gap)/gap
	}
	v.air *= v.airDie
	return v.air
}

// addMetal adds six squares at ratios that share no fundamental.
func (v *drumVoice) addMetal(buf []float64) {
	ratios := [6]float64{1, 1.342, 1.2312, 1.6532, 1.9523, 2.1523}
	level := v.d.metal / 4
	for j := range v.squares {
		p, step := v.squares[j], v.d.pitch*ratios[j]/sampleRate
		for i := range buf {
			if p += step; p >= 1 {
				p--
			}
			if p < 0.5 {
				buf[i] += level
			} else {
				buf[i] -= level
			}
		}
		v.squares[j] = p
	}
}
