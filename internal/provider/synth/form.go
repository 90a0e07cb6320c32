package synth

import (
	"math"
	"strings"
	"time"
)

// sectionKind is the part a section plays in the form.
type sectionKind int

const (
	intro sectionKind = iota
	verse
	chorus
	bridge
	outro
)

func (k sectionKind) String() string {
	return [...]string{"intro", "A", "B", "C", "outro"}[k]
}

// section is a run of bars with one mood.
type section struct {
	kind    sectionKind
	start   int // first bar
	bars    int
	turn    int     // how many sections of this kind came before
	energy  float64 // 0–1: who plays, and how hard
	tonic   int     // pitch class, lifted late in long songs
	closing bool    // the last section before the outro
	ride    float64 // gain of the fader, set when the mix is balanced
}

// form is the plan of a song in time.
type form struct {
	sections []section
	bars     int
	beats    int     // to the bar
	end      float64 // beat of the closing chord
	tempo    float64 // beats per minute
	tail     float64 // seconds of the last chord
	pickup   float64 // seconds before the first beat
	total    int64   // samples
	ritard   float64 // beats by which the last bar is stretched
}

func (f *form) String() string {
	var names []string
	for _, s := range f.sections {
		names = append(names, s.kind.String())
	}
	return strings.Join(names, "-")
}

// planForm fits whole bars to the duration: the tempo gives way by a few
// percent rather than the last bar.
func planForm(g *genre, tempo float64, d time.Duration) *form {
	seconds := max(d.Seconds(), 0.5)
	f := &form{beats: g.beats, pickup: 0.04, ritard: g.ritard, total: int64(seconds * sampleRate)}
	f.tail = min(max(seconds*0.09, 2.2), 5, seconds*0.6)
	if g.longTail {
		f.tail = min(f.tail*1.4, seconds*0.6)
	}
	music := seconds - f.tail - f.pickup
	ideal := music * tempo / 60 / float64(f.beats)
	f.bars = wholeBars(ideal, g.unit)
	f.tempo = (float64(f.bars*f.beats) + f.ritard) * 60 / music
	f.end = float64(f.bars * f.beats)
	if f.tempo > 1.25*tempo || f.tempo < tempo/1.25 {
		// A few seconds do not hold whole bars: keep the tempo, break off early.
		f.tempo, f.ritard = tempo, 0
		f.end = math.Floor(music * tempo / 60)
		f.bars = max(1, int(math.Ceil(f.end/float64(f.beats))))
		f.tail = seconds - f.pickup - f.end*60/tempo
	}
	f.sections = layOut(f.bars, g)
	return f
}

// wholeBars is a number of bars near the ideal that makes whole phrases.
func wholeBars(ideal float64, phrase int) int {
	if phrase == 12 {
		// Choruses of twelve, with two to eight bars before and after.
		for _, ends := range [...]int{4, 6, 2, 8} {
			n := 12*int(math.Round((ideal-float64(ends))/12)) + ends
			if n > 12 && math.Abs(float64(n)/ideal-1) < 0.14 {
				return n
			}
		}
	}
	for _, unit := range [...]int{8, 4, 2} {
		n := roundTo(ideal, unit)
		if n > 0 && math.Abs(float64(n)/ideal-1) < 0.045 {
			return n
		}
	}
	return max(1, roundTo(ideal, 1))
}

func roundTo(x float64, unit int) int {
	return int(math.Round(x/float64(unit))) * unit
}

// layOut divides the bars among sections.
func layOut(bars int, g *genre) []section {
	if bars < 6 {
		return number([]section{{kind: verse, bars: bars}})
	}
	in, out, unit := 4, 4, 4
	switch {
	case g.unit == 12 && bars%12 >= 2 && bars%12 <= 8 && bars > 12:
		in, out, unit = 0, bars%12/4*2, 12
		in = bars%12 - out
	case bars < 12:
		out = min(bars%4, 2)
		in = bars%4 - out
	case bars < 28:
		in, out = 2, 2
	}
	body := bars - in - out
	// Whole phrases for the body; what is left over goes to the ends, by twos
	// where it can.
	spare := body % unit
	body -= spare
	switch {
	case unit == 4 && bars >= 28 && spare > 1:
		out, body = out+spare-4, body+4
	default:
		in += spare &^ 1
		out += spare & 1
	}
	var list []section
	if in > 0 {
		list = append(list, section{kind: intro, bars: in})
	}
	list = append(list, fillBody(body, unit)...)
	if out > 0 {
		list = append(list, section{kind: outro, bars: out})
	}
	return number(list)
}

// fillBody chooses verses, choruses and bridges for a number of bars.
func fillBody(bars, unit int) []section {
	if unit == 4 && bars < 24 {
		return shortBody(bars)
	}
	size := max(unit, 8)
	var list []section
	for _, k := range bodyPlan(bars / size) {
		list = append(list, section{kind: k, bars: size})
	}
	if rest := bars % size; rest > 0 {
		last := len(list) - 1
		list = append(list[:last:last], section{kind: bridge, bars: rest}, list[last])
	}
	return list
}

// shortBody divides up to 20 bars.
func shortBody(bars int) []section {
	switch bars {
	case 4:
		return []section{{kind: verse, bars: 4}}
	case 8:
		return []section{{kind: verse, bars: 4}, {kind: chorus, bars: 4}}
	case 12:
		return []section{{kind: verse, bars: 8}, {kind: chorus, bars: 4}}
	case 16:
		return []section{{kind: verse, bars: 8}, {kind: chorus, bars: 8}}
	default:
		return []section{{kind: verse, bars: 8}, {kind: bridge, bars: 4}, {kind: chorus, bars: bars - 12}}
	}
}

// bodyPlan orders n sections; it always ends on the chorus.
func bodyPlan(n int) []sectionKind {
	const short = "|A|AB|ABB|ABAB|ABACB|ABABCB|AABABCB|AABABCBB"
	plans := strings.Split(short, "|")
	letters := ""
	if n < len(plans) {
		letters = plans[n]
	} else {
		for i := 0; len(letters) < n-3; i++ {
			letters += [...]string{"AABB", "ACAB", "AABC", "ABCB"}[i%4]
		}
		letters = letters[:n-3] + "CBB"
	}
	kinds := make([]sectionKind, 0, n)
	for _, c := range letters {
		kinds = append(kinds, verse+sectionKind(c-'A'))
	}
	return kinds
}

// number fills in what follows from the order of the sections.
func number(list []section) []section {
	var turns [outro + 1]int
	bar := 0
	for i := range list {
		s := &list[i]
		s.start, s.turn = bar, turns[s.kind]
		bar += s.bars
		turns[s.kind]++
		s.energy = sectionEnergy(s.kind, s.turn)
		s.closing = i == len(list)-2 && s.kind == chorus
		if s.closing {
			s.energy = 1
		}
	}
	return list
}

func sectionEnergy(k sectionKind, turn int) float64 {
	switch k {
	case intro:
		return 0.35
	case verse:
		return min(0.6+0.05*float64(turn), 0.7)
	case chorus:
		return min(0.88+0.04*float64(turn), 1)
	case bridge:
		return 0.5 + 0.2*float64(turn%2)
	default:
		return 0.45
	}
}

// at returns the section that holds a bar.
func (f *form) at(bar int) *section {
	for i := range f.sections {
		if s := &f.sections[i]; bar < s.start+s.bars {
			return s
		}
	}
	return &f.sections[len(f.sections)-1]
}

// lastBeat is where the closing chord falls.
func (f *form) lastBeat() float64 { return f.end }

// seconds turns a beat into time, slowing through the last bar.
func (f *form) seconds(beat float64) float64 {
	from := f.lastBeat() - float64(f.beats)
	if f.ritard > 0 && beat > from {
		x := (beat - from) / float64(f.beats)
		if x > 1 {
			beat += f.ritard
		} else {
			beat += f.ritard * x * x
		}
	}
	return f.pickup + beat*60/f.tempo
}
