package synth

import "math"

const tableSize = 2048

// wave is an additive instrument: a few partials summed to a table once per
// register, read with interpolation. Two tables cross-fade from the bright
// attack to the mellow sustain; two strings slightly apart beat like a piano.
type wave struct {
	bright, mellow func(partial int, hz float64) float64 // level of a partial
	fade           float64                               // seconds from bright to mellow
	env            adsr
	decay          float64 // seconds to -60 dB at A2 while held; 0 holds
	detune         float64 // cents between the two readers
	vibrato        float64
	late           float64 // seconds before the vibrato
	thump          float64 // hammer or key noise
	tables         *tableSet
}

// tableSet caches tables per register; it belongs to one rendering.
type tableSet struct {
	byZone map[int]*[2][tableSize + 1]float64
}

func (s *tableSet) at(w *wave, pitch float64) *[2][tableSize + 1]float64 {
	zone := int(pitch) / 3
	if t, ok := s.byZone[zone]; ok {
		return t
	}
	hz := pitchHz(float64(zone*3 + 2))
	t := new([2][tableSize + 1]float64)
	fillTable(&t[0], hz, w.bright)
	fillTable(&t[1], hz, w.mellow)
	s.byZone[zone] = t
	return t
}

// fillTable sums the partials below 16 kHz. Phases are spread after Schroeder
// (1970) so that the crest is low.
func fillTable(t *[tableSize + 1]float64, hz float64, level func(int, float64) float64) {
	power := 0.0
	for k := 1; k <= 48 && hz*float64(k) < 16000; k++ {
		a := level(k, hz)
		if a == 0 {
			continue
		}
		power += a * a / 2
		phase := -math.Pi * float64(k*(k-1)) / 24
		// A rotating phasor is cheaper than a sine per point.
		s, c := math.Sincos(2 * math.Pi * float64(k) / tableSize)
		y, x := math.Sincos(phase)
		for i := range tableSize {
			t[i] += a * y
			y, x = y*c+x*s, x*c-y*s
		}
	}
	norm := 0.35 / math.Sqrt(power+1e-12)
	for i := range t {
		t[i] *= norm
	}
	t[tableSize] = t[0]
}

type waveVoice struct {
	table       *[2][tableSize + 1]float64
	a, b        float64
	spread      float64
	env         envelope
	mix, fade   float64
	gain, die   float64
	hz          float64
	age         int
	vibrato     float64
	late        int
	thump, hush float64
	rnd         noise
	knock       svf
}

func (w *wave) voice(t tone) voice {
	hz := pitchHz(t.pitch)
	v := &waveVoice{
		table: w.tables.at(w, t.pitch), env: newEnvelope(w.env, t.dur), hz: hz,
		spread: math.Exp2(w.detune / 1200), mix: 0.3 + 0.7*t.vel, gain: t.amplitude(),
		fade: decayPerSample(w.fade), die: 1, vibrato: w.vibrato, late: samples(w.late),
		thump: w.thump * t.vel, hush: decayPerSample(0.06), rnd: newNoise(t.seed),
	}
	v.a = 0.25 + 0.2*v.rnd.next()
	if w.decay > 0 {
		v.die = decayPerSample(w.decay * math.Pow(110/hz, 0.5))
	}
	v.knock.tune(min(hz*2.5, 3000), 0.8)
	return v
}

func (v *waveVoice) render(out []float64) bool {
	for len(out) > 0 {
		n := min(len(out), controlPeriod)
		v.chunk(out[:n])
		out = out[n:]
		v.age += n
	}
	return !v.env.done() && v.gain > 1e-5
}

func (v *waveVoice) chunk(out []float64) {
	hz := v.hz
	if v.vibrato > 0 && v.age > v.late {
		depth := v.vibrato * min(float64(v.age-v.late)/12000, 1)
		hz *= 1 + 0.0578*depth*sine(float64(v.age)*5.3/sampleRate)
	}
	stepA := hz / sampleRate
	stepB := stepA * v.spread
	var wave [controlPeriod]float64
	buf := wave[:len(out)]
	v.read(buf, stepA, stepB)
	if v.thump > 1e-4 {
		for i := range buf {
			buf[i] += v.thump * v.knock.bandpass(v.rnd.next())
			v.thump *= v.hush
		}
	}
	v.env.apply(buf)
	gain, die := v.gain*0.7, v.die
	for i, x := range buf {
		out[i] += x * gain
		gain *= die
	}
	v.gain = gain / 0.7
}

// read sums both readers of both tables.
func (v *waveVoice) read(buf []float64, stepA, stepB float64) {
	bright, mellow := &v.table[0], &v.table[1]
	a, b, mix := v.a, v.b, v.mix
	for i := range buf {
		x := mix * (lookup(bright, a) + lookup(bright, b))
		x += (1 - mix) * (lookup(mellow, a) + lookup(mellow, b))
		buf[i] = x
		if a += stepA; a >= 1 {
			a--
		}
		if b += stepB; b >= 1 {
			b--
		}
		mix *= v.fade
	}
	v.a, v.b, v.mix = a, b, mix
}

func lookup(t *[tableSize + 1]float64, phase float64) float64 {
	x := phase * tableSize
	i := int(x)
	f := x - float64(i)
	i &= tableSize - 1
	return t[i] + f*(t[i+1]-t[i])
}
