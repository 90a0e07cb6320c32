package synth

import "math"

const (
	sampleRate = 44100
	// controlPeriod is how many samples pass between updates of slow things
	// such as vibrato and filter sweeps.
	controlPeriod = 32
)

// sine is sin(2πx) for a phase x ≥ 0 counted in cycles: an odd polynomial with
// an error below 1e-6, several times faster than math.Sin and free of tables.
func sine(x float64) float64 {
	x -= float64(int(x))
	x -= 0.5 // now sin(2πx) of the original is -sin(2πx)
	if x > 0.25 {
		x = 0.5 - x
	} else if x < -0.25 {
		x = -0.5 - x
	}
	y := x * x
	return -x * (6.2831640 + y*(-41.337142+y*(81.340768-y*70.993433)))
}

// pitchHz is the frequency of a MIDI pitch in equal temperament.
func pitchHz(pitch float64) float64 { return 440 * math.Exp2((pitch-69)/12) }

// decibels turns a level in dB to a factor.
func decibels(db float64) float64 { return math.Pow(10, db/20) }

// decayPerSample is the factor that brings a level down by 60 dB in seconds.
func decayPerSample(seconds float64) float64 {
	return math.Exp(-6.907755 / (math.Max(seconds, 1e-3) * sampleRate))
}

func samples(seconds float64) int { return int(seconds*sampleRate + 0.5) }

// softClip is a cubic-rational approximation of tanh, exact in slope at zero
// and flat from ±3 on.
func softClip(x float64) float64 {
	if x > 3 {
		return 1
	}
	if x < -3 {
		return -1
	}
	y := x * x
	return x * (27 + y) / (27 + 9*y)
}

// noise is a xorshift generator: audio needs many cheap random numbers that
// are the same on every run.
type noise uint64

func newNoise(seed uint64) noise {
	return noise(seed*0x9e3779b97f4a7c15 | 1)
}

// next returns a uniform value in [-1, 1).
func (n *noise) next() float64 {
	x := uint64(*n)
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*n = noise(x)
	return float64(int64(x)) * (1.0 / (1 << 63))
}
