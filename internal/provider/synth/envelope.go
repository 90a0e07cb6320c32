package synth

// adsr describes how a held note swells and dies; times in seconds.
type adsr struct {
	attack, decay, sustain, release float64
}

// envelope runs an adsr: linear attack, exponential decay and release.
type envelope struct {
	level, rise, fall, sustain, die float64
	gate                            int // samples until the key goes up
	attacking                       bool
}

func newEnvelope(e adsr, seconds float64) envelope {
	return envelope{
		rise:      1 / float64(max(samples(e.attack), 24)),
		fall:      decayPerSample(e.decay),
		sustain:   e.sustain,
		die:       decayPerSample(e.release),
		gate:      max(samples(seconds), 1),
		attacking: true,
	}
}

// apply shapes a block.
func (e *envelope) apply(buf []float64) {
	held := min(max(e.gate, 0), len(buf))
	e.gate -= len(buf)
	level := e.level
	i := 0
	if e.attacking {
		for ; i < held; i++ {
			if level += e.rise; level >= 1 {
				level, e.attacking = 1, false
				break
			}
			buf[i] *= level
		}
	}
	for ; i < held; i++ {
		buf[i] *= level
		level = e.sustain + (level-e.sustain)*e.fall
	}
	if held < len(buf) {
		e.attacking = false
		for ; i < len(buf); i++ {
			level *= e.die
			buf[i] *= level
		}
	}
	e.level = level
}

// done reports that nothing audible is left.
func (e *envelope) done() bool {
	return e.level < 1e-4 && !e.attacking
}
