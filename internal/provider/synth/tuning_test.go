package synth

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInstrumentsAreInTune finds the fundamental of single notes.
func TestInstrumentsAreInTune(t *testing.T) {
	t.Parallel()
	for name, pitches := range map[string][]int{
		"nylon": {45, 64, 76}, "steel": {45, 69}, "banjo": {67}, "harp": {60, 76}, "ebass": {28, 40},
		"upright": {33}, "pickbass": {30}, "dubbass": {31}, "electric": {40, 64},
		"piano": {48, 72}, "epiano": {60}, "organ": {60}, "melodica": {69}, "clarinet": {65}, "pad": {60},
	} {
		for _, pitch := range pitches {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				require.InDelta(t, 0, centsOff(patch(name, false), pitch), 8, "pitch %d", pitch)
			})
		}
	}
}

// centsOff searches the strongest frequency within half a semitone.
func centsOff(s sound, pitch int) float64 {
	const n = 16384
	buf := make([]float64, n+4096)
	v := s.voice(tone{pitch: float64(pitch), dur: 1, vel: 0.8, seed: 9})
	for i := 0; i < len(buf); i += blockSize {
		v.render(buf[i : i+blockSize])
	}
	buf = buf[4096:] // after the attack
	best, at := 0.0, 0.0
	for cents := -48.0; cents <= 48; cents += 2 {
		step := 2 * math.Pi * pitchHz(float64(pitch)+cents/100) / sampleRate
		sin, cos := math.Sincos(step)
		re, im, y, x := 0.0, 0.0, 0.0, 1.0
		for i, b := range buf {
			w := b * (0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/n))
			re, im = re+w*x, im+w*y
			x, y = x*cos-y*sin, y*cos+x*sin
		}
		if p := re*re + im*im; p > best {
			best, at = p, cents
		}
	}
	return at
}

func TestVoicesEndAndStayFinite(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range allGenres() {
		g, _ := genreNamed(name)
		for i := range g.players {
			p := &g.players[i]
			if seen[p.patch] {
				continue
			}
			seen[p.patch] = true
			s := patch(p.patch, true)
			for _, pitch := range []int{p.low, p.high} {
				requireEnds(t, s.voice(tone{pitch: float64(pitch), dur: 0.2, vel: 1, seed: 3}), p.patch)
			}
		}
		if seen[g.kit] {
			continue
		}
		seen[g.kit] = true
		for _, piece := range kitPieces() {
			for _, s := range kitSounds(g.kit, piece) {
				requireEnds(t, s.voice(tone{dur: 0.2, vel: 1, seed: 3}), piece)
			}
		}
	}
}

func requireEnds(t *testing.T, v voice, name string) {
	t.Helper()
	var buf [blockSize]float64
	for range 12 * sampleRate / blockSize {
		clear(buf[:])
		alive := v.render(buf[:])
		for _, x := range buf {
			if math.IsNaN(x) || math.Abs(x) > 4 {
				require.Failf(t, "unstable", "%s: %v", name, x)
			}
		}
		if !alive {
			return
		}
	}
	require.Fail(t, "never ends", name)
}
