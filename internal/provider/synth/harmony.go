package synth

import (
	"math"
	"sort"
	"strings"
)

// span is one chord of the song; at and len count beats.
type span struct {
	chord   chord
	at, len float64
	tonic   int
}

// parseProgression reads bars divided by "|", each of one or more numerals.
func parseProgression(text string) [][]string {
	var bars [][]string
	for bar := range strings.SplitSeq(text, "|") {
		bars = append(bars, strings.Fields(bar))
	}
	return bars
}

// spansOf lays a progression out over bars, starting anew when it runs out.
func spansOf(text string, tonic, startBar, bars, beats int) []span {
	prog := parseProgression(text)
	var out []span
	for b := range bars {
		names := prog[b%len(prog)]
		share := float64(beats) / float64(len(names))
		for i, name := range names {
			out = append(out, span{
				chord: parseChord(name, tonic),
				at:    float64((startBar+b)*beats) + float64(i)*share,
				len:   share,
				tonic: tonic,
			})
		}
	}
	return out
}

// harmony answers which chord sounds when.
type harmony []span

func (h harmony) index(beat float64) int {
	i := sort.Search(len(h), func(i int) bool { return h[i].at > beat+1e-6 })
	return max(i-1, 0)
}

func (h harmony) at(beat float64) span { return h[h.index(beat)] }

// after returns the chord that follows the one at beat.
func (h harmony) after(beat float64) span {
	return h[min(h.index(beat)+1, len(h)-1)]
}

// voicing spreads a chord over n notes between low and high so that the hands
// move as little as possible from the previous voicing.
func voicing(prev []int, c chord, n, low, high int) []int {
	tones := voicedTones(c, n)
	best, bestCost := []int(nil), math.Inf(1)
	for bottom := low; bottom <= high; bottom++ {
		if !containsClass(c, tones, bottom) {
			continue
		}
		v := stack(c, tones, bottom, n)
		if v[len(v)-1] > high && best != nil {
			continue
		}
		if cost := moveCost(prev, v, low, high); cost < bestCost {
			best, bestCost = v, cost
		}
	}
	return best
}

// voicedTones picks which tones sound: of a rich chord the fifth goes first,
// since the bass has the root and the ear fills in the fifth.
func voicedTones(c chord, n int) []int {
	tones := c.tones
	if len(tones) > n && n >= 3 {
		kept := make([]int, 0, n)
		for i, t := range tones {
			if i == 2 || i == 0 && len(tones) > n+1 {
				continue
			}
			kept = append(kept, t)
		}
		tones = kept
	}
	return tones
}

func containsClass(c chord, tones []int, pitch int) bool {
	for _, t := range tones {
		if mod12(c.root+t) == mod12(pitch) {
			return true
		}
	}
	return false
}

// stack builds a close voicing of n notes upward from bottom.
func stack(c chord, tones []int, bottom, n int) []int {
	v := []int{bottom}
	for p := bottom + 1; len(v) < n; p++ {
		if containsClass(c, tones, p) && p-v[len(v)-1] > 1 {
			v = append(v, p)
		}
	}
	return v
}

func moveCost(prev, v []int, low, high int) float64 {
	mean := 0.0
	for _, p := range v {
		mean += float64(p) / float64(len(v))
	}
	cost := 0.25 * math.Abs(mean-float64(low+high)/2)
	for i, p := range v {
		if i < len(prev) {
			cost += math.Abs(float64(p - prev[i]))
		}
	}
	return cost
}
