package synth

import "math"

// analog is a subtractive voice: detuned band-limited saws and a square sub
// oscillator through a swept lowpass filter.
type analog struct {
	saws    int     // 1–5
	detune  float64 // cents across the saws
	pulse   float64 // share of square wave, an octave below if sub
	sub     bool
	cutoff  float64 // Hz at rest
	track   float64 // how far the cutoff follows the pitch, 0–1
	sweep   float64 // octaves the envelope opens the filter
	bite    float64 // seconds for the sweep to fall by 60 dB; 0 follows the envelope
	q       float64
	env     adsr
	vibrato float64
	glide   float64 // semitones below from which the note slides up
}

const maxSaws = 5

type analogVoice struct {
	p            analog
	phase, ratio [maxSaws]float64
	subPhase     float64
	env          envelope
	filter       svf
	hz, gain     float64
	open, shut   float64
	age          int
	vel          float64
}

func (p analog) voice(t tone) voice {
	v := &analogVoice{
		p: p, env: newEnvelope(p.env, t.dur), hz: pitchHz(t.pitch), vel: t.vel,
		gain: t.amplitude() * 0.5 / math.Sqrt(float64(p.saws)), open: 1, shut: 1,
	}
	if p.bite > 0 {
		v.shut = math.Pow(decayPerSample(p.bite), controlPeriod)
	}
	rnd := newNoise(t.seed)
	for i := range p.saws {
		spread := 0.0
		if p.saws > 1 {
			spread = float64(i)/float64(p.saws-1) - 0.5
		}
		v.ratio[i] = math.Exp2(p.detune * spread / 1200)
		v.phase[i] = 0.5 + 0.5*rnd.next()
	}
	return v
}

func (v *analogVoice) render(out []float64) bool {
	for len(out) > 0 {
		n := min(len(out), controlPeriod)
		v.chunk(out[:n])
		out = out[n:]
		v.age += n
	}
	return !v.env.done()
}

func (v *analogVoice) chunk(out []float64) {
	step := v.frequency() / sampleRate
	v.retune()
	saws, p := v.p.saws, &v.p
	sawLevel, pulseLevel := 1-p.pulse, p.pulse*math.Sqrt(float64(saws))
	subStep := step
	if p.sub {
		subStep = step / 2
	}
	var steps [maxSaws]float64
	for i := range saws {
		steps[i] = step * v.ratio[i]
	}
	var wave [controlPeriod]float64
	buf := wave[:len(out)]
	for j := range saws {
		addSaw(buf, &v.phase[j], steps[j], sawLevel)
	}
	if pulseLevel > 0 {
		for i := range buf {
			buf[i] += pulseLevel * square(&v.subPhase, subStep)
		}
	}
	v.filter.lowpass(buf)
	v.env.apply(buf)
	for i, x := range buf {
		out[i] += x * v.gain
	}
}

// frequency of the note at this moment.
func (v *analogVoice) frequency() float64 {
	semis := 0.0
	if v.p.vibrato > 0 && v.age > 8000 {
		semis = v.p.vibrato * min(float64(v.age-8000)/14000, 1) * sine(float64(v.age)*5.2/sampleRate)
	}
	if v.p.glide > 0 && v.age < 2200 {
		semis -= v.p.glide * (1 - float64(v.age)/2200)
	}
	if semis == 0 {
		return v.hz
	}
	return v.hz * math.Exp2(semis/12)
}

// retune opens the filter with the envelope and the velocity.
func (v *analogVoice) retune() {
	open := v.env.level
	if v.p.bite > 0 {
		open = v.open
		v.open *= v.shut
	}
	octaves := v.p.sweep*open*(0.4+0.6*v.vel) + v.p.track*math.Log2(v.hz/220)
	v.filter.tune(v.p.cutoff*math.Exp2(octaves), v.p.q)
}

// addSaw adds a sawtooth to a block.
func addSaw(buf []float64, phase *float64, step, level float64) {
	p := *phase
	for i := range buf {
		buf[i] += level * saw(&p, step)
	}
	*phase = p
}

// saw is a sawtooth whose step is rounded by a two-sample polynomial (PolyBLEP,
// Välimäki & Huovilainen 2007), which removes most of the aliasing.
func saw(phase *float64, step float64) float64 {
	p := *phase + step
	if p >= 1 {
		p--
	}
	*phase = p
	x := 2*p - 1
	if p < step {
		t := p / step
		return x - (t + t - t*t - 1)
	}
	if p > 1-step {
		t := (p - 1) / step
		return x - (t*t + t + t + 1)
	}
	return x
}

// square is the difference of two saws half a cycle apart.
func square(phase *float64, step float64) float64 {
	a := saw(phase, step)
	half := *phase + 0.5
	if half >= 1 {
		half--
	}
	half -= step
	if half < 0 {
		half++
	}
	return 0.7 * (a - saw(&half, step))
}
