package synth_test

import (
	"math"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/provider/synth"
)

// features of a finished song, measured on its decoded samples.
type features struct {
	tempo      float64
	loudness   float64
	peak       float64
	dc         float64
	longestGap float64 // seconds below -50 dBFS
	clipped    int     // runs of samples stuck at the largest value
	bright     float64 // energy of the first difference against the energy
	attacks    float64 // sudden rises of treble per second: drums and plucks
	width      float64 // energy of the difference of the sides against the sum
	end        float64 // loudest sample of the last 10 ms
	step       float64 // largest jump between two samples
}

func measure(left, right []float64) features {
	f := features{loudness: synth.IntegratedLoudness(left, right)}
	var sum, power, diff, mid, side, prev float64
	quiet, run := 0, 0
	for i, l := range left {
		r := right[i]
		v := max(math.Abs(l), math.Abs(r))
		switch {
		case v > f.peak:
			f.peak, f.clipped, run = v, 1, 1
		case v == f.peak:
			run++
			f.clipped = max(f.clipped, run)
		default:
			run = 0
		}
		sum += l + r
		power += l * l
		diff += (l - prev) * (l - prev)
		f.step = max(f.step, math.Abs(l-prev))
		prev = l
		mid += (l + r) * (l + r)
		side += (l - r) * (l - r)
		if quiet++; v > 0.00316 {
			quiet = 0
		}
		f.longestGap = max(f.longestGap, float64(quiet)/44100)
	}
	for i := len(left) - 441; i < len(left); i++ {
		f.end = max(f.end, math.Abs(left[i]), math.Abs(right[i]))
	}
	f.dc = sum / float64(2*len(left))
	f.bright = diff / power
	f.width = side / mid
	f.attacks = attackRate(left)
	return f
}

// attackRate counts rises of the treble by more than 9 dB within 10 ms.
func attackRate(x []float64) float64 {
	const hop = 441
	var level, before float64
	n := 0
	for i := hop; i+hop <= len(x); i += hop {
		level = 1e-7
		for j := i; j < i+hop; j++ {
			d := x[j] - 2*x[j-1] + x[max(j-2, 0)]
			level += d * d
		}
		if level > 8*before && level > 1e-4 {
			n++
		}
		before = level
	}
	return float64(n) / (float64(len(x)) / 44100)
}

var tenStyles = []string{"pop", "rock", "hip-hop", "electronic", "jazz", "classical", "country", "blues", "reggae", "metal"}

func TestTenStylesSoundRightAndDiffer(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	all := map[string]features{}
	t.Run("render", func(t *testing.T) {
		for _, style := range tenStyles {
			t.Run(style, func(t *testing.T) {
				t.Parallel()
				rec, res := deliver(t, request(style, 8))
				left, right := decode(t, rec.buf.Bytes())
				f := measure(left, right)
				f.tempo = res.Metadata["tempo"].(float64)
				require.Equal(t, style, res.Metadata["style"])
				requireSound(t, f)
				mu.Lock()
				defer mu.Unlock()
				all[style] = f
			})
		}
	})
	require.Len(t, all, len(tenStyles))
	requireContrast(t, all)
}

// requireSound is what must hold of every song.
func requireSound(t *testing.T, f features) {
	t.Helper()
	require.InDelta(t, -15, f.loudness, 2, "loudness")
	require.Less(t, f.peak, 0.89, "-1 dBFS")
	require.Greater(t, f.peak, 0.3)
	require.Less(t, math.Abs(f.dc), 0.001, "direct current")
	require.Less(t, f.longestGap, 0.8, "silence")
	require.Less(t, f.clipped, 4, "flattened peaks")
	require.Less(t, f.step, 0.75, "clicks")
	require.Less(t, f.end, 0.002, "cut off at the end")
	require.Greater(t, f.width, 0.01, "mono")
	require.Less(t, f.width, 0.9, "out of phase")
}

// requireContrast is how the styles must differ.
func requireContrast(t *testing.T, all map[string]features) {
	t.Helper()
	for _, slow := range []string{"hip-hop", "reggae", "classical"} {
		for _, fast := range []string{"metal", "jazz", "electronic"} {
			require.Less(t, all[slow].tempo, all[fast].tempo)
		}
	}
	for _, drums := range []string{"rock", "metal", "hip-hop", "electronic", "reggae"} {
		require.Greater(t, all[drums].attacks, 1.5*all["classical"].attacks, drums)
	}
	require.Greater(t, all["metal"].bright, 1.5*all["classical"].bright)
	require.Greater(t, all["country"].bright, all["hip-hop"].bright)
	for i, a := range tenStyles {
		for _, b := range tenStyles[:i] {
			x, y := all[a], all[b]
			apart := math.Abs(math.Log(x.tempo/y.tempo)) + math.Abs(math.Log(x.bright/y.bright)) +
				math.Abs(math.Log((x.attacks+1)/(y.attacks+1))) + math.Abs(math.Log(x.width/y.width))
			require.Greater(t, apart, 0.15, "%s against %s", a, b)
		}
	}
}
