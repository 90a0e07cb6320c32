package synth

// fmPair is a modulator and the carrier that it bends (Chowning 1973).
type fmPair struct {
	carrier, modulator float64 // multiples of the note's frequency
	index              float64 // brightness at full velocity, in cycles ×2π
	bite               float64 // seconds for the index to fall by 60 dB
	floor              float64 // share of the index that stays
	level              float64
	decay              float64 // seconds for this pair to fall by 60 dB; 0 holds
}

// fm is an instrument of up to two pairs under one envelope.
type fm struct {
	pairs   [2]fmPair
	env     adsr
	vibrato float64 // semitones
	tremolo float64
	breath  float64 // noise of wind instruments
	detune  float64 // cents between the pairs
}

type fmVoice struct {
	pair    [2]fmOsc
	env     envelope
	gain    float64
	hz      float64
	age     int
	vibrato float64
	tremolo float64
	breath  float64
	air     svf
	rnd     noise
}

type fmOsc struct {
	c, m, cStep, mStep float64
	ratioC, ratioM     float64
	index, fall, floor float64
	level, die         float64
}

func (f fm) voice(t tone) voice {
	hz := pitchHz(t.pitch)
	v := &fmVoice{
		env: newEnvelope(f.env, t.dur), gain: t.amplitude() * 0.5, hz: hz,
		vibrato: f.vibrato, tremolo: f.tremolo, breath: f.breath, rnd: newNoise(t.seed),
	}
	v.air.tune(min(hz*3, 9000), 1.2)
	// High notes need less index to sound as bright, and alias with more.
	damp := min(1, 900/(hz+300)*0.8)
	for i, p := range f.pairs {
		index := p.index * (0.25 + 0.75*t.vel) * damp / 6.2831853
		cents := 1 + f.detune*(float64(i)-0.5)*0.000578
		v.pair[i] = fmOsc{
			ratioC: p.carrier * cents, ratioM: p.modulator * cents,
			index: index * (1 - p.floor), floor: index * p.floor,
			fall: decayPerSample(p.bite), level: p.level, die: 1,
		}
		if p.decay > 0 {
			v.pair[i].die = decayPerSample(p.decay * min(1.6, 330/(hz+110)+0.4))
		}
	}
	return v
}

func (v *fmVoice) render(out []float64) bool {
	for len(out) > 0 {
		n := min(len(out), controlPeriod)
		v.chunk(out[:n])
		out = out[n:]
		v.age += n
	}
	quiet := v.pair[0].level < 1e-4 && v.pair[1].level < 1e-4
	return !quiet && !v.env.done()
}

func (v *fmVoice) chunk(out []float64) {
	hz, gain := v.hz, v.gain
	if v.vibrato > 0 {
		depth := v.vibrato * min(float64(v.age)/22050, 1)
		hz *= 1 + depth*0.0578*sine(float64(v.age)*5.1/sampleRate)
	}
	if v.tremolo > 0 {
		gain *= 1 - v.tremolo*(0.5+0.5*sine(float64(v.age)*4.7/sampleRate))
	}
	for i := range v.pair {
		v.pair[i].tune(hz / sampleRate)
	}
	var wave [controlPeriod]float64
	buf := wave[:len(out)]
	for i := range v.pair {
		if v.pair[i].level > 1e-5 {
			v.pair[i].add(buf)
		}
	}
	if v.breath > 0 {
		for i := range buf {
			buf[i] += v.breath * v.air.bandpass(v.rnd.next())
		}
	}
	v.env.apply(buf)
	for i, x := range buf {
		out[i] += x * gain
	}
}

func (o *fmOsc) tune(step float64) {
	o.cStep, o.mStep = o.ratioC*step, o.ratioM*step
}

// add adds the pair's sound to a block.
func (o *fmOsc) add(buf []float64) {
	s := *o
	for i := range buf {
		buf[i] += s.next()
	}
	*o = s
}

func (o *fmOsc) next() float64 {
	o.m += o.mStep
	if o.m >= 1 {
		o.m -= 1
	}
	o.c += o.cStep
	if o.c >= 1 {
		o.c -= 1
	}
	o.index *= o.fall
	o.level *= o.die
	// The offset keeps the phase positive for sine.
	return o.level * sine(o.c+64+(o.index+o.floor)*sine(o.m))
}
