package synth

import "math"

// patch returns the instrument of that name. Levels need no care here: the mix
// is balanced by ear, that is by loudness, before the song is rendered.
// A fine one has more oscillators where that makes it richer.
func patch(name string, fine bool) sound {
	if s := stringPatch(name); s != nil {
		return s
	}
	if s := fmPatch(name); s != nil {
		return s
	}
	if s := tablePatch(name); s != nil {
		return s
	}
	a := analogPatch(name)
	if fine && a.saws > 1 {
		a.saws = min(a.saws+2, maxSaws)
	}
	return a
}

func stringPatch(name string) sound {
	switch name {
	case "nylon":
		return pluck{bright: 0.62, decay: 3.2, pick: 0.28, soft: 0.72, release: 0.18}
	case "steel":
		return pluck{bright: 0.86, decay: 4.5, pick: 0.18, soft: 0.45, release: 0.2}
	case "clean":
		return pluck{bright: 0.78, decay: 5, pick: 0.22, soft: 0.55, release: 0.15}
	case "electric":
		return pluck{bright: 0.7, decay: 9, pick: 0.2, soft: 0.5, release: 0.06}
	case "leadgtr":
		return pluck{bright: 0.74, decay: 16, pick: 0.25, soft: 0.6, release: 0.09, vibrato: 0.28, slide: 0.6}
	case "bluesgtr":
		return pluck{bright: 0.72, decay: 10, pick: 0.2, soft: 0.55, release: 0.1, vibrato: 0.35, slide: 1.1}
	case "slide":
		return pluck{bright: 0.85, decay: 8, pick: 0.15, soft: 0.5, release: 0.2, vibrato: 0.22, slide: 1.6}
	case "banjo":
		return pluck{bright: 0.93, decay: 0.9, pick: 0.12, soft: 0.25, release: 0.12}
	case "harp":
		return pluck{bright: 0.8, decay: 5, pick: 0.4, soft: 0.7, release: 0.9}
	case "pizzicato":
		return pluck{bright: 0.35, decay: 0.7, pick: 0.3, soft: 0.7, release: 0.2}
	case "upright":
		return pluck{bright: 0.35, decay: 2.6, pick: 0.3, soft: 0.85, release: 0.09}
	case "ebass":
		return pluck{bright: 0.5, decay: 5, pick: 0.25, soft: 0.82, release: 0.07}
	case "pickbass":
		return pluck{bright: 0.72, decay: 5, pick: 0.15, soft: 0.6, release: 0.05}
	case "dubbass":
		return pluck{bright: 0.1, decay: 4, pick: 0.4, soft: 0.93, release: 0.1}
	default:
		return nil
	}
}

func fmPatch(name string) sound {
	held := adsr{0.002, 1, 1, 0.25}
	switch name {
	case "epiano":
		return fm{env: held, tremolo: 0.15, detune: 4, pairs: [2]fmPair{
			{carrier: 1, modulator: 1, index: 1.5, bite: 2.2, floor: 0.12, level: 0.8, decay: 5},
			{carrier: 1, modulator: 14, index: 0.5, bite: 0.5, level: 0.35, decay: 1.6}}}
	case "bell":
		return fm{env: adsr{0.001, 1, 1, 0.8}, pairs: [2]fmPair{
			{carrier: 1, modulator: 3.5, index: 1.6, bite: 1.5, floor: 0.1, level: 0.7, decay: 3},
			{carrier: 1.003, modulator: 7, index: 0.7, bite: 0.4, level: 0.3, decay: 1.2}}}
	case "vibes":
		return fm{env: adsr{0.002, 1, 1, 0.5}, tremolo: 0.3, pairs: [2]fmPair{
			{carrier: 1, modulator: 4, index: 0.7, bite: 0.4, floor: 0.05, level: 0.8, decay: 3.2},
			{carrier: 4, modulator: 1, index: 0.2, bite: 0.2, level: 0.12, decay: 0.5}}}
	case "marimba":
		return fm{env: adsr{0.001, 1, 1, 0.3}, pairs: [2]fmPair{
			{carrier: 1, modulator: 4, index: 1, bite: 0.12, level: 0.8, decay: 1},
			{carrier: 3.9, modulator: 1, index: 0.4, bite: 0.1, level: 0.25, decay: 0.25}}}
	case "trumpet":
		return fm{env: adsr{0.03, 0.3, 0.8, 0.09}, vibrato: 0.12, pairs: [2]fmPair{
			{carrier: 1, modulator: 1, index: 4.2, bite: 1.2, floor: 0.62, level: 0.8},
			{carrier: 2, modulator: 1, index: 1.6, bite: 0.6, floor: 0.5, level: 0.2}}}
	case "sax":
		return fm{env: adsr{0.035, 0.4, 0.85, 0.1}, vibrato: 0.16, breath: 0.05, pairs: [2]fmPair{
			{carrier: 1, modulator: 2, index: 1.5, bite: 0.8, floor: 0.7, level: 0.6},
			{carrier: 1, modulator: 1, index: 2.6, bite: 0.7, floor: 0.6, level: 0.4}}, detune: 5}
	case "clarinet":
		return fm{env: adsr{0.04, 0.4, 0.9, 0.1}, vibrato: 0.06, breath: 0.02, pairs: [2]fmPair{
			{carrier: 1, modulator: 2, index: 1.6, bite: 1, floor: 0.75, level: 0.8}}}
	case "flute":
		return fm{env: adsr{0.07, 0.5, 0.85, 0.14}, vibrato: 0.14, breath: 0.09, pairs: [2]fmPair{
			{carrier: 1, modulator: 1, index: 0.55, bite: 0.5, floor: 0.6, level: 0.8},
			{carrier: 2, modulator: 1, index: 0.3, bite: 0.5, floor: 0.5, level: 0.1}}}
	case "sub808":
		return fm{env: adsr{0.003, 1, 1, 0.12}, pairs: [2]fmPair{
			{carrier: 1, modulator: 1, index: 2.2, bite: 0.35, floor: 0.3, level: 0.9, decay: 5}}}
	case "sinebass":
		return fm{env: adsr{0.08, 1, 0.9, 0.8}, pairs: [2]fmPair{
			{carrier: 1, modulator: 1, index: 0.5, bite: 2, floor: 0.6, level: 0.9}}}
	default:
		return nil
	}
}

// formants weighs partials like a singer's "ah": three resonances of the vocal
// tract over the falling spectrum of the voice.
func formants(k int, hz float64) float64 {
	f := hz * float64(k)
	bump := func(center, width, level float64) float64 {
		x := (f - center) / width
		return level * math.Exp(-x*x)
	}
	return (0.06 + bump(780, 240, 1) + bump(1180, 260, 0.6) + bump(2750, 450, 0.28)) / math.Pow(float64(k), 0.75)
}

func softFormants(k int, hz float64) float64 {
	return formants(k, hz) / math.Pow(float64(k), 0.6)
}

// falling is a spectrum that drops by a power of the partial's number.
func falling(power float64) func(int, float64) float64 {
	return func(k int, _ float64) float64 { return math.Pow(float64(k), -power) }
}

// fallingBelow also loses what lies above a frequency.
func fallingBelow(power, corner float64) func(int, float64) float64 {
	return func(k int, hz float64) float64 {
		x := hz * float64(k) / corner
		return math.Pow(float64(k), -power) / (1 + x*x)
	}
}

// drawbars is an organ registration of 16', 8', 5⅓', 4' and 2⅔'; the table is
// an octave low, so partial 2 is the note itself.
func drawbars(k int, _ float64) float64 {
	switch k {
	case 1:
		return 0.9
	case 2:
		return 1
	case 3:
		return 0.55
	case 4:
		return 0.5
	case 6:
		return 0.3
	case 8:
		return 0.22
	default:
		return 0
	}
}

func oddPartials(k int, hz float64) float64 {
	level := fallingBelow(1, 3200)(k, hz)
	if k%2 == 0 {
		level *= 0.35
	}
	return level
}

func tablePatch(name string) sound {
	w := wave{tables: &tableSet{byZone: map[int]*[2][tableSize + 1]float64{}}}
	switch name {
	case "piano":
		w.bright, w.mellow, w.fade = fallingBelow(0.9, 3800), fallingBelow(1.9, 2200), 1.6
		w.env, w.decay, w.detune, w.thump = adsr{0.002, 1, 1, 0.22}, 9, 1.6, 0.22
	case "organ":
		w.bright, w.mellow, w.fade = drawbars, drawbars, 1
		w.env, w.vibrato, w.detune, w.thump = adsr{0.006, 1, 1, 0.06}, 0.06, 2, 0.06
	case "vox":
		w.bright, w.mellow, w.fade = formants, softFormants, 1.2
		w.env, w.vibrato, w.late, w.detune, w.thump = adsr{0.05, 0.5, 0.85, 0.13}, 0.24, 0.22, 5, 0.05
	case "choir":
		w.bright, w.mellow, w.fade = formants, softFormants, 2
		w.env, w.vibrato, w.late, w.detune = adsr{0.35, 0.8, 0.9, 0.7}, 0.14, 0.3, 11
	case "melodica":
		w.bright, w.mellow, w.fade = falling(0.9), oddPartials, 0.6
		w.env, w.vibrato, w.late, w.detune, w.thump = adsr{0.025, 0.5, 0.85, 0.08}, 0.1, 0.25, 1.5, 0.03
	case "accordion":
		w.bright, w.mellow, w.fade = falling(0.85), falling(1.05), 1
		w.env, w.detune, w.thump = adsr{0.03, 0.5, 0.9, 0.09}, 14, 0.03
	default:
		return nil
	}
	return &w
}

func analogPatch(name string) analog {
	switch name {
	case "strings":
		return analog{saws: 4, detune: 22, cutoff: 1500, track: 0.4, sweep: 1, q: 0.7, env: adsr{0.16, 0.6, 0.85, 0.4}, vibrato: 0.07}
	case "violin":
		return analog{saws: 2, detune: 7, cutoff: 1900, track: 0.6, sweep: 1, q: 0.9, env: adsr{0.075, 0.4, 0.85, 0.16}, vibrato: 0.2, glide: 0.25}
	case "cello":
		return analog{saws: 2, detune: 8, cutoff: 700, track: 0.5, sweep: 1.2, q: 0.8, env: adsr{0.09, 0.5, 0.85, 0.25}, vibrato: 0.12}
	case "supersaw":
		return analog{saws: 5, detune: 38, cutoff: 2600, track: 0.4, sweep: 1.8, bite: 0.9, q: 0.8, env: adsr{0.004, 0.4, 0.75, 0.12}}
	case "sawlead":
		return analog{saws: 3, detune: 16, pulse: 0.25, cutoff: 1700, track: 0.5, sweep: 1.6, bite: 0.8, q: 1.1, env: adsr{0.008, 0.3, 0.75, 0.14}, vibrato: 0.16, glide: 0.5}
	case "squarelead":
		return analog{saws: 1, pulse: 0.8, cutoff: 1500, track: 0.5, sweep: 1.4, bite: 1, q: 1, env: adsr{0.012, 0.3, 0.8, 0.16}, vibrato: 0.2, glide: 0.4}
	case "pluckSynth":
		return analog{saws: 2, detune: 12, pulse: 0.3, cutoff: 500, track: 0.6, sweep: 3.4, bite: 0.45, q: 1.3, env: adsr{0.002, 0.55, 0.12, 0.2}}
	case "synthbass":
		return analog{saws: 2, detune: 9, pulse: 0.5, sub: true, cutoff: 190, track: 0.3, sweep: 3, bite: 0.5, q: 1.4, env: adsr{0.003, 0.4, 0.7, 0.06}}
	case "brass":
		return analog{saws: 3, detune: 15, cutoff: 650, track: 0.4, sweep: 2.2, q: 0.9, env: adsr{0.045, 0.35, 0.7, 0.12}, vibrato: 0.08, glide: 0.3}
	default: // pad
		return analog{saws: 3, detune: 18, pulse: 0.2, cutoff: 750, track: 0.3, sweep: 1.3, q: 0.8, env: adsr{0.4, 1.2, 0.8, 0.9}}
	}
}
