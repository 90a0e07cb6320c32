package synth

import "strings"

// A pattern is a bar (or two) of steps of equal length, written as a string so
// that a rhythm can be read off the page. "." rests, "_" lengthens the note
// before; every other character starts a note whose meaning the player knows
// (a velocity, a chord tone, a degree). "|" and " " only help the eye.

// hit is one note of a pattern; at and dur count beats from its start.
type hit struct {
	at, dur float64
	mark    byte
}

// parsePattern spreads the steps of text over beats.
func parsePattern(text string, beats float64) []hit {
	steps := make([]byte, 0, len(text))
	for i := range len(text) {
		if c := text[i]; c != '|' && c != ' ' {
			steps = append(steps, c)
		}
	}
	if len(steps) == 0 {
		return nil
	}
	step := beats / float64(len(steps))
	var hits []hit
	for i, c := range steps {
		switch c {
		case '.':
		case '_':
			if n := len(hits); n > 0 {
				hits[n-1].dur += step
			}
		default:
			hits = append(hits, hit{at: float64(i) * step, dur: step, mark: c})
		}
	}
	return hits
}

// strength is the velocity a mark stands for.
func strength(mark byte) float64 {
	switch mark {
	case 'X', 'O':
		return 1
	case 'x', 'o', 'm':
		return 0.8
	case '-':
		return 0.5
	case ',':
		return 0.3
	default:
		return 0.8
	}
}

// patternBars counts the bars of a pattern, which "|" divides.
func patternBars(text string) int { return strings.Count(text, "|") + 1 }
