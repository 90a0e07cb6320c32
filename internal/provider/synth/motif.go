package synth

import (
	"math"
	"math/rand/v2"
)

// motif is an idea of one bar: a rhythm and a contour. It says how far each
// note lies from the first in steps of the scale, so that it can be moved to
// any chord and still be recognised.
type motif struct {
	hits  []hit
	steps []int
}

// newMotif invents a contour for a rhythm.
func newMotif(r *rand.Rand, rhythm string, beats float64, leaps float64) motif {
	m := motif{hits: parsePattern(rhythm, beats)}
	m.steps = contour(r, len(m.hits), leaps)
	return m
}

// contour is how a motif moves, in scale steps from its first note: half of
// them drawn along a shape, half walking by step, where a leap is answered by
// a step back, as has been taught since Fux.
func contour(r *rand.Rand, n int, leaps float64) []int {
	if r.IntN(2) == 0 {
		return shaped(r, n)
	}
	steps := make([]int, n)
	pos, owed := 0, 0
	rising := 0.35 + 0.4*r.Float64()
	for i := 1; i < n; i++ {
		dir := -1
		if r.Float64() < rising {
			dir = 1
		}
		size := 1
		switch {
		case owed != 0:
			dir, owed = owed, 0
		case r.Float64() < leaps:
			size = 2 + r.IntN(3)
			owed = -dir
		case r.Float64() < 0.12:
			size = 0
		}
		pos += dir * size
		if pos > 6 || pos < -5 {
			pos -= 2 * dir * size
		}
		steps[i] = pos
	}
	return steps
}

// shaped draws a contour: an arch, a valley, a climb, a fall, thirds that go
// round, or a repeated note that breaks out.
func shaped(r *rand.Rand, n int) []int {
	steps := make([]int, n)
	height := 2 + r.IntN(4)
	kind := r.IntN(6)
	for i := range steps {
		x := 0.0
		if n > 1 {
			x = float64(i) / float64(n-1)
		}
		h := float64(height)
		switch kind {
		case 0:
			steps[i] = int(math.Round(h * 4 * x * (1 - x)))
		case 1:
			steps[i] = -int(math.Round(h * 3 * x * (1 - x)))
		case 2:
			steps[i] = int(math.Round(h * x))
		case 3:
			steps[i] = -int(math.Round(h * x))
		case 4:
			steps[i] = [4]int{0, 2, 1, 3}[i%4]
		default:
			if i >= (n+1)/2 {
				steps[i] = height - (i - (n+1)/2)
			}
		}
	}
	return steps
}

// inverted turns the contour upside down.
func (m motif) inverted() motif {
	out := motif{hits: m.hits, steps: make([]int, len(m.steps))}
	for i, s := range m.steps {
		out.steps[i] = -s
	}
	return out
}

// withRhythm keeps the contour's beginning over another rhythm.
func (m motif) withRhythm(rhythm string, beats float64) motif {
	out := motif{hits: parsePattern(rhythm, beats)}
	out.steps = make([]int, len(out.hits))
	for i := range out.steps {
		if len(m.steps) > 0 {
			out.steps[i] = m.steps[i%len(m.steps)]
		}
	}
	return out
}

// ornamented splits some longer notes into the note and its neighbour.
func (m motif) ornamented(r *rand.Rand, chance float64) motif {
	var out motif
	for i, h := range m.hits {
		s := m.steps[i]
		if h.dur < 0.9 || r.Float64() > chance {
			out.hits, out.steps = append(out.hits, h), append(out.steps, s)
			continue
		}
		next := s
		if i+1 < len(m.steps) {
			next = m.steps[i+1]
		}
		neighbour := s + 1
		if next < s {
			neighbour = s - 1
		}
		first, second := h, h
		first.dur = h.dur - 0.5
		second.at, second.dur = h.at+first.dur, 0.5
		out.hits = append(out.hits, first, second)
		out.steps = append(out.steps, s, neighbour)
	}
	return out
}

// theme is what a kind of section sings: motifs and the order of its bars.
type theme struct {
	bars []motif
	ends []bool // bars that close a phrase
	full []bool // of those, the ones that come to rest on the tonic
}

// newTheme builds a period of eight bars out of two motifs: a statement, its
// variation, a departure and a half close; then again, with a full close.
func newTheme(r *rand.Rand, g *genre, k sectionKind) theme {
	rhythms := g.tune.verse
	if k == chorus {
		rhythms = g.tune.chorus
	}
	beats := float64(g.beats)
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	a := newMotif(r, pick(rhythms), beats, g.tune.leaps)
	b := a.withRhythm(pick(rhythms), beats)
	switch r.IntN(3) {
	case 0:
		b = a.inverted()
	case 1:
		b = newMotif(r, pick(rhythms), beats, g.tune.leaps)
	}
	half := a.withRhythm(pick(g.tune.cadence), beats)
	full := newMotif(r, pick(g.tune.cadence), beats, 0.1)
	order := [...][8]motif{
		{a, a, b, half, a, a, b, full},
		{a, b, a, half, a, b, b, full},
		{a, a.inverted(), b, half, a, a.inverted(), b, full},
		{a, b, b, half, a, b, a, full},
	}[r.IntN(4)]
	return theme{
		bars: order[:],
		ends: []bool{false, false, false, true, false, false, false, true},
		full: []bool{false, false, false, false, false, false, false, true},
	}
}
