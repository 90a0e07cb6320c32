package synth

import "strings"

// scale is the steps of a mode above its tonic, in semitones.
type scale []int

// mode names a scale and says whether its third is minor.
type mode struct {
	name  string
	steps scale
	minor bool
}

func modeNamed(name string) mode {
	switch name {
	case "minor":
		return mode{name, scale{0, 2, 3, 5, 7, 8, 10}, true}
	case "dorian":
		return mode{name, scale{0, 2, 3, 5, 7, 9, 10}, true}
	case "phrygian":
		return mode{name, scale{0, 1, 3, 5, 7, 8, 10}, true}
	case "mixolydian":
		return mode{name, scale{0, 2, 4, 5, 7, 9, 10}, false}
	case "lydian":
		return mode{name, scale{0, 2, 4, 6, 7, 9, 11}, false}
	case "blues":
		return mode{name, scale{0, 3, 5, 6, 7, 10}, false}
	default:
		return mode{"major", scale{0, 2, 4, 5, 7, 9, 11}, false}
	}
}

func keyName(tonic int) string {
	return [12]string{"C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"}[mod12(tonic)]
}

func mod12(n int) int { return ((n % 12) + 12) % 12 }

// chord is a root pitch class and its tones as semitones above the root.
type chord struct {
	root  int
	tones []int
}

// has reports whether the chord contains a pitch.
func (c chord) has(pitch int) bool {
	for _, t := range c.tones {
		if mod12(c.root+t) == mod12(pitch) {
			return true
		}
	}
	return false
}

func (c chord) third() int { return c.interval(1, 4) }
func (c chord) fifth() int { return c.interval(2, 7) }

func (c chord) interval(i, otherwise int) int {
	if i < len(c.tones) {
		return c.tones[i]
	}
	return otherwise
}

// seventh is the chord's own, or the one that suits its third.
func (c chord) seventh() int {
	if len(c.tones) > 3 && c.tones[3] > 8 {
		return c.tones[3]
	}
	return 10
}

// parseChord reads a roman numeral such as "bVII", "ii7" or "V7", counted from
// a major scale on tonic. Lower case is minor.
func parseChord(numeral string, tonic int) chord {
	s := numeral
	shift := 0
	for len(s) > 0 && (s[0] == 'b' || s[0] == '#') {
		if s[0] == 'b' {
			shift--
		} else {
			shift++
		}
		s = s[1:]
	}
	n := 0
	for n < len(s) && strings.IndexByte("IViv", s[n]) >= 0 {
		n++
	}
	degree := [7]int{0, 2, 4, 5, 7, 9, 11}[romanDegree(s[:n])]
	minor := n > 0 && s[0] >= 'a'
	return chord{mod12(tonic + degree + shift), chordTones(minor, s[n:])}
}

func romanDegree(roman string) int {
	switch strings.ToUpper(roman) {
	case "II":
		return 1
	case "III":
		return 2
	case "IV":
		return 3
	case "V":
		return 4
	case "VI":
		return 5
	case "VII":
		return 6
	default:
		return 0
	}
}

func chordTones(minor bool, suffix string) []int {
	third := 4
	if minor {
		third = 3
	}
	switch suffix {
	case "5":
		return []int{0, 7, 12}
	case "6":
		return []int{0, third, 7, 9}
	case "7":
		return []int{0, third, 7, 10}
	case "maj7":
		return []int{0, third, 7, 11}
	case "9":
		return []int{0, third, 7, 10, 14}
	case "maj9":
		return []int{0, third, 7, 11, 14}
	case "add9":
		return []int{0, third, 7, 14}
	case "13":
		return []int{0, third, 9, 10, 14}
	case "sus4":
		return []int{0, 5, 7}
	case "sus2":
		return []int{0, 2, 7}
	case "7sus":
		return []int{0, 5, 7, 10}
	case "m7b5":
		return []int{0, 3, 6, 10}
	case "dim":
		return []int{0, 3, 6}
	case "dim7":
		return []int{0, 3, 6, 9}
	case "7b9":
		return []int{0, 4, 7, 10, 13}
	default:
		return []int{0, third, 7}
	}
}

// localScale is the key's scale bent to a chord: a scale tone a semitone from
// a chord tone that the scale lacks gives way to it.
func localScale(tonic int, m mode, c chord) [12]bool {
	var in [12]bool
	for _, s := range m.steps {
		in[mod12(tonic+s)] = true
	}
	for _, t := range c.tones {
		p := mod12(c.root + t)
		if in[p] {
			continue
		}
		for _, near := range [2]int{mod12(p + 1), mod12(p - 1)} {
			if in[near] && !c.has(near) {
				in[near] = false
				break
			}
		}
		in[p] = true
	}
	return in
}
