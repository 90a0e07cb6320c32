package synth

import "math"

// ceiling leaves room below full scale for peaks between the samples.
const ceiling = 0.78

// master turns the mix into the finished signal: direct current out, the
// genre's colour, loudness, limiter, and the fade that ends the song.
type master struct {
	form       *form
	gain       float64 // of the whole
	ride       float64 // of the section, gliding
	section    int
	dcL, dcR   dcBlocker
	colour     *[2]svf
	dust       *dust
	limiter    *limiter
	pos, total int64
	fade       int64
	dither     noise
}

func newMaster(s *score, gain float64) *master {
	m := &master{
		form: s.form, gain: gain, ride: s.form.sections[0].ride, limiter: newLimiter(ceiling), total: s.form.total,
		fade: min(int64(s.form.tail*0.6*sampleRate), s.form.total/2), dither: newNoise(s.brief.seed | 2),
	}
	if hz := s.brief.genre.darkness; hz > 0 {
		m.colour = new([2]svf)
		m.colour[0].tune(hz, 0.65)
		m.colour[1].tune(hz, 0.65)
	}
	if s.brief.genre.crackle {
		m.dust = &dust{rnd: newNoise(s.brief.seed | 4)}
		m.dust.tone.tune(2600, 0.9)
	}
	return m
}

func (m *master) process(left, right []float64) {
	target := m.fader()
	for i := range left {
		m.ride += 0.0002 * (target - m.ride) // a hand takes a tenth of a second
		left[i] *= m.gain * m.ride
		right[i] *= m.gain * m.ride
	}
	m.dcL.process(left)
	m.dcR.process(right)
	if m.dust != nil {
		m.dust.add(left, right)
	}
	if m.colour != nil {
		m.colour[0].lowpass(left)
		m.colour[1].lowpass(right)
	}
	m.limiter.process(left, right)
	for i := range left {
		if toGo := m.total - m.pos; toGo < m.fade {
			f := fadeCurve(float64(max(toGo-1, 0)) / float64(m.fade))
			left[i] *= f
			right[i] *= f
		}
		m.pos++
	}
}

// fader is where the hand on the fader goes: a little before a section starts.
func (m *master) fader() float64 {
	f := m.form
	for m.section+1 < len(f.sections) {
		next := f.seconds(float64(f.sections[m.section+1].start*f.beats)) - 0.1
		if float64(m.pos) < next*sampleRate {
			break
		}
		m.section++
	}
	return f.sections[m.section].ride
}

// fadeCurve falls smoothly from 1 to 0 as x does.
func fadeCurve(x float64) float64 { return 0.5 - 0.5*math.Cos(math.Pi*x) }

// quantise rounds to 16 bits with triangular dither, so that the fade ends in
// faint noise rather than in distortion.
func (m *master) quantise(x []float64, out []int32) {
	for i, v := range x {
		d := 0.5 * (m.dither.next() + m.dither.next())
		out[i] = int32(math.Round(min(max(v*32767+d, -32768), 32767)))
	}
}

// dust is the crackle of a worn record.
type dust struct {
	rnd  noise
	tone svf
}

func (d *dust) add(left, right []float64) {
	for i := range left {
		x := 0.0006 * d.rnd.next()
		if d.rnd.next() > 0.99988 {
			x += 0.25 * d.rnd.next()
		}
		x = d.tone.bandpass(x)
		left[i] += x
		right[i] -= 0.6 * x
	}
}
