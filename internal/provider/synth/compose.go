package synth

import (
	"hash/fnv"
	"math/rand/v2"
)

// composer writes the score. Every player has random numbers of its own, so
// that a change to one part leaves the others as they were.
type composer struct {
	*score
	g     *genre
	brief *brief
}

// tuneNote is a note of the lead, kept for those who follow it.
type tuneNote struct {
	at, dur float64 // beats
	pitch   int
	vel     float64
	strong  bool
}

func compose(b *brief) *score {
	s := &score{brief: b, form: b.form, kick: -1}
	c := &composer{score: s, g: b.genre, brief: b}
	c.harmonise()
	for i := range c.g.players {
		c.play(&c.g.players[i])
	}
	if c.g.kit != "" {
		c.drums()
	}
	s.sort()
	return s
}

// rng returns random numbers that depend on the song and on who asks.
func (c *composer) rng(who string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(who))
	return rand.New(rand.NewPCG(c.brief.seed, h.Sum64()))
}

// harmonise gives every section its progression: the same one whenever the
// section comes back, so that it is recognised.
func (c *composer) harmonise() {
	r := c.rng("harmony")
	b := c.brief
	var chosen [outro + 1]string
	for k := intro; k <= outro; k++ {
		list := b.tonality.choices(k)
		chosen[k] = list[r.IntN(len(list))]
	}
	chosen[intro], chosen[outro] = chosen[verse], chosen[verse]
	lift := c.g.lift && len(c.form.sections) > 6 && r.IntN(2) == 0
	for i := range c.form.sections {
		s := &c.form.sections[i]
		s.tonic = b.tonic
		if lift && s.closing {
			s.tonic += 2
		}
		if s.kind == outro && i > 0 {
			s.tonic = c.form.sections[i-1].tonic
		}
		c.chords = append(c.chords, spansOf(chosen[s.kind], s.tonic, s.start, s.bars, c.form.beats)...)
	}
	c.leadHome()
}

// leadHome makes the last bar a dominant, so that the closing tonic arrives.
func (c *composer) leadHome() {
	last := c.form.lastBeat()
	tonic := c.form.sections[len(c.form.sections)-1].tonic
	bar := float64(c.form.beats)
	if c.form.bars > 1 {
		c.cutChords(last - bar)
		c.chords = append(c.chords, span{parseChord(c.cadenceNumeral(), tonic), last - bar, bar, tonic})
	}
	c.cutChords(last)
	c.chords = append(c.chords, span{parseChord(c.tonicNumeral(), tonic), last, 1e9, tonic})
}

// cutChords drops what sounds from a beat on.
func (c *composer) cutChords(beat float64) {
	kept := c.chords[:0]
	for _, s := range c.chords {
		if s.at < beat-1e-6 {
			s.len = min(s.len, beat-s.at)
			kept = append(kept, s)
		}
	}
	c.chords = kept
}

// cadenceNumeral is the chord that leads to the tonic in the song's mode.
func (c *composer) cadenceNumeral() string {
	switch c.brief.mode.name {
	case "dorian", "mixolydian", "lydian":
		if c.g.swing == 0 {
			return "bVII"
		}
		return "V7"
	case "phrygian":
		if c.g.name == "metal" {
			return "bII5"
		}
		return "bII"
	case "minor":
		return "V"
	default:
		return "V7"
	}
}

func (c *composer) tonicNumeral() string {
	switch {
	case c.g.name == "metal" || c.g.name == "punk":
		return "I5"
	case c.g.name == "jazz" || c.g.name == "bossa nova" || c.g.name == "lo-fi":
		if c.brief.mode.minor {
			return "i9"
		}
		return "Imaj9"
	case c.g.name == "blues":
		return "I7"
	case c.brief.mode.minor:
		return "i"
	default:
		return "I"
	}
}

// play adds a track for a player and lets it play its role.
func (c *composer) play(p *player) {
	track := c.addTrack(track{name: p.name, sound: patch(p.patch, c.brief.fine), mix: p.mix})
	switch p.role {
	case rolePad:
		c.pad(p, track)
	case roleChord, roleArp:
		c.accompany(p, track)
	case roleBass:
		c.bass(p, track)
	case roleLead:
		c.lead(p, track)
	case roleThird:
		c.follow(p, track)
	case roleReply:
		c.reply(p, track)
	}
}

func (c *composer) addTrack(t track) int {
	c.tracks = append(c.tracks, t)
	return len(c.tracks) - 1
}

// hand writes notes as a person would: swung, and not quite on time.
type hand struct {
	c      *composer
	r      *rand.Rand
	track  int
	loose  float64 // seconds
	behind float64
}

func (c *composer) hand(track int, looseness float64) *hand {
	return &hand{c: c, r: c.rng(c.tracks[track].name + "/hand"), track: track, loose: c.g.loose * looseness}
}

// note writes a note of dur beats.
func (h *hand) note(at, dur float64, pitch int, vel float64) *event {
	return h.delayed(at, dur, pitch, vel, 0)
}

func (h *hand) delayed(at, dur float64, pitch int, vel, delay float64) *event {
	f := h.c.form
	if at > f.lastBeat()+1e-6 {
		return new(event) // a bar broken off by the end
	}
	start := f.seconds(h.c.swing(at))
	length := f.seconds(h.c.swing(at+dur)) - start
	if at >= f.lastBeat()-1e-6 {
		length = dur // the closing chord counts seconds
	}
	jitter := max(-2, min(2, h.r.NormFloat64())) * h.loose
	start = max(start+jitter+h.behind+delay, 0)
	vel = min(max(vel*(1+0.05*h.r.NormFloat64()), 0.05), 1)
	h.c.events = append(h.c.events, event{
		at: int64(start * sampleRate), dur: max(length, 0.03), pitch: pitch, vel: vel,
		track: h.track, seed: h.r.Uint64(),
	})
	return &h.c.events[len(h.c.events)-1]
}

// swing delays the second half of the beat, and of the half beat.
func (c *composer) swing(beat float64) float64 {
	whole := float64(int(beat))
	return whole + bend(beat-whole, 0.5, c.g.swing) + lazy(beat-whole, c.g.lazy)
}

// bend moves the point mid of a unit later by d and stretches the rest evenly.
func bend(x, mid, d float64) float64 {
	if x < mid {
		return x * (mid + d) / mid
	}
	return mid + d + (x-mid)*(1-mid-d)/(1-mid)
}

// lazy is how much later a point of the beat falls when sixteenths swing.
func lazy(x, d float64) float64 {
	half := x
	if half >= 0.5 {
		half -= 0.5
	}
	if half < 0.25 {
		return half * d / 0.25
	}
	return (0.5 - half) * d / 0.25
}

// tailSeconds is how long the closing chord is held.
func (c *composer) tailSeconds() float64 { return c.form.tail * 0.85 }
