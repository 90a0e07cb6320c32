package synth

import "math"

// pluck is a plucked string after Karplus & Strong (1983) with the extensions
// of Jaffe & Smith (1983): pick position, dynamics, decay stretching and exact
// tuning.
type pluck struct {
	bright  float64 // 0 dull – 1 bright: loop filter
	decay   float64 // seconds to -60 dB at A2, shorter above
	pick    float64 // where along the string it is plucked, 0–0.5
	soft    float64 // 0 plectrum – 1 thumb: lowpass of the excitation
	release float64 // seconds after the key goes up
	vibrato float64 // semitones of late vibrato
	slide   float64 // semitones below from which the note is approached
	attack  float64 // seconds of swell; 0 is a plain pluck
}

type pluckVoice struct {
	line    []float64 // circular, power of two
	mask    int
	w       int
	delay   float64
	cur     float64 // delay in use, moved by vibrato and slides
	s, rho  float64
	last    float64
	gain    float64
	gate    int
	release float64
	age     int
	vibrato float64
	slide   float64
	swell   float64
	rise    float64
	level   float64 // follower that tells silence
}

func (p pluck) voice(t tone) voice {
	hz := pitchHz(t.pitch)
	decay := p.decay * math.Pow(110/hz, 0.45)
	bright := p.bright * (0.6 + 0.4*t.vel)
	if t.mute {
		decay, bright = 0.28, bright*0.7
	}
	period := sampleRate / hz
	s := 0.5 * (1 - bright)
	v := &pluckVoice{
		delay:   period - s,
		s:       s,
		rho:     math.Pow(0.001, period/sampleRate/decay),
		gain:    t.amplitude(),
		gate:    samples(t.dur),
		release: math.Pow(0.001, period/sampleRate/p.release),
		vibrato: p.vibrato,
		slide:   p.slide,
		swell:   1,
		level:   1,
	}
	if p.attack > 0 {
		v.swell, v.rise = 0, 1/(p.attack*sampleRate)
	}
	size := 8
	for size < int(period*math.Exp2(p.slide/12))+8 {
		size *= 2
	}
	v.line, v.mask = make([]float64, size), size-1
	v.excite(p, t, period)
	return v
}

// excite fills the string with noise coloured by how and where it is plucked.
func (v *pluckVoice) excite(p pluck, t tone, period float64) {
	n := int(period) + 4
	rnd := newNoise(t.seed)
	a := min(p.soft*(1.15-0.5*t.vel), 0.97)
	burst := make([]float64, n)
	y, y2 := 0.0, 0.0
	for i := range burst {
		y += (1 - a) * (rnd.next() - y)
		y2 += (1 - a) * (y - y2)
		burst[i] = y2
	}
	comb := int(p.pick * period)
	mean, power := 0.0, 0.0
	for i := n - 1; i >= comb; i-- {
		burst[i] -= 0.9 * burst[i-comb]
	}
	for _, x := range burst {
		mean += x / float64(n)
	}
	for _, x := range burst {
		power += (x - mean) * (x - mean) / float64(n)
	}
	norm := 0.35 / math.Sqrt(power+1e-9)
	for i, x := range burst {
		v.line[i] = (x - mean) * norm
	}
	v.w = n
}

func (v *pluckVoice) render(out []float64) bool {
	for len(out) > 0 {
		n := min(len(out), controlPeriod)
		v.bend()
		v.chunk(out[:n])
		out = out[n:]
		v.age += n
	}
	return v.level > 3e-5
}

// bend sets the string's length for slides and a vibrato that comes late.
func (v *pluckVoice) bend() {
	semis := 0.0
	if v.vibrato > 0 && v.age > 9000 {
		depth := min(float64(v.age-9000)/12000, 1) * v.vibrato
		semis = depth * sine(float64(v.age)*5.4/sampleRate)
	}
	if v.slide > 0 && v.age < 3500 {
		x := 1 - float64(v.age)/3500
		semis -= v.slide * x * x
	}
	v.cur = v.delay
	if semis != 0 {
		v.cur = (v.delay + v.s) * math.Exp2(-semis/12) // one loop delay
		v.cur -= v.s
	}
}

func (v *pluckVoice) chunk(out []float64) {
	// Third-order Lagrange interpolation keeps the treble of every pitch alike.
	whole := int(v.cur) - 1
	d := v.cur - float64(whole)
	c0 := -(d - 1) * (d - 2) * (d - 3) / 6
	c1 := d * (d - 2) * (d - 3) / 2
	c2 := -d * (d - 1) * (d - 3) / 2
	c3 := d * (d - 1) * (d - 2) / 6
	line, mask, w, last := v.line, v.mask, v.w, v.last
	rho, s := v.rho, v.s
	if v.gate < 0 {
		rho *= v.release
	}
	peak := 0.0
	for i := range out {
		r := w - whole
		x := c0*line[r&mask] + c1*line[(r-1)&mask] + c2*line[(r-2)&mask] + c3*line[(r-3)&mask]
		y := rho * ((1-s)*x + s*last)
		last = x
		line[w&mask] = y
		w++
		if v.swell < 1 {
			v.swell += v.rise
			y *= min(v.swell, 1)
		}
		out[i] += y * v.gain
		peak = max(peak, y, -y)
	}
	v.w, v.last = w, last
	v.gate -= len(out)
	v.level = max(peak, v.level*0.98)
}
