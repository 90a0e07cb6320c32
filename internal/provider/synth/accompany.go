package synth

// pad holds each chord as long as it lasts.
func (c *composer) pad(p *player, track int) {
	h := c.hand(track, 0.5)
	var prev []int
	for i, s := range c.chords {
		final := i == len(c.chords)-1
		sec := c.sectionAt(s.at)
		if !p.plays(sec.energy) && !(final && prev != nil) {
			continue
		}
		v := voicing(prev, s.chord, p.notes, p.low, p.high)
		prev = v
		dur, vel := s.len*0.99, 0.6+0.3*sec.energy
		if final {
			dur = c.tailSeconds()
		}
		for _, pitch := range v {
			h.note(s.at, dur, pitch, vel)
		}
	}
}

// sectionAt returns the section a beat belongs to.
func (c *composer) sectionAt(beat float64) *section {
	return c.form.at(int(beat+1e-6) / c.form.beats)
}

// accompany strikes or breaks the chords by the player's pattern.
func (c *composer) accompany(p *player, track int) {
	h := c.hand(track, 1)
	var prev []int
	for i := range c.form.sections {
		s := &c.form.sections[i]
		if !p.plays(s.energy) {
			continue
		}
		prev = c.accompanySection(h, p, s, prev)
	}
	if prev != nil {
		c.lastChord(h, p, prev)
	}
}

func (c *composer) accompanySection(h *hand, p *player, s *section, prev []int) []int {
	text := p.pattern(s.kind)
	bars := patternBars(text)
	beats := float64(c.form.beats)
	for b := 0; b < s.bars; b += bars {
		for _, hit := range parsePattern(text, beats*float64(bars)) {
			at := float64(s.start+b)*beats + hit.at
			if at > float64(s.start+s.bars)*beats-1e-6 || at > c.form.lastBeat()-1e-6 {
				break
			}
			sp := c.chords.at(at)
			v := voicing(prev, sp.chord, p.notes, p.low, p.high)
			if p.power {
				v = powerChord(sp.chord, p.low)
			}
			prev = v
			// A chord struck just before its harmony changes belongs to the next.
			dur := min(hit.dur, max(sp.at+sp.len-at, 0.25))
			c.strike(h, p, hit, at, dur, v, 0.62+0.28*s.energy)
		}
	}
	return prev
}

// powerChord is root, fifth and octave, which distortion leaves clear.
func powerChord(c chord, low int) []int {
	root := low + mod12(c.root-low)
	return []int{root, root + 7, root + 12}
}

// strike plays one step of a pattern.
func (c *composer) strike(h *hand, p *player, hit hit, at, dur float64, v []int, level float64) {
	short := p.short
	if short == 0 {
		short = 0.95
	}
	dur *= short
	vel := level * strength(hit.mark) * c.accent(at)
	if p.role == roleArp {
		root := p.low + mod12(c.chords.at(at).chord.root-p.low)
		for _, pitch := range arpTones(hit.mark, v, root) {
			h.note(at, dur, pitch, vel)
		}
		return
	}
	if hit.mark == 'm' {
		for _, pitch := range v[:min(2, len(v))] {
			h.note(at, min(dur, 0.25), pitch, vel*0.9).mute = true
		}
		return
	}
	// Down on the beat, up between: the strings ring in that order.
	up := at-float64(int(at+1e-6)) > 0.1
	for i, pitch := range v {
		order := i
		if up {
			order = len(v) - 1 - i
		}
		h.delayed(at, dur, pitch, vel*(1-0.03*float64(order)), float64(order)*p.strum)
	}
}

// arpTones reads the mark of a broken chord: a digit is a tone of the voicing,
// D its outer tones in octaves, S, T and U the shuffle of the blues.
func arpTones(mark byte, v []int, root int) []int {
	switch mark {
	case 'D':
		return []int{v[len(v)-1], v[len(v)-1] - 12}
	case 'S':
		return []int{root, root + 7}
	case 'T':
		return []int{root, root + 9}
	case 'U':
		return []int{root, root + 10}
	}
	i := int(mark - '0')
	if i < 0 || i > 9 {
		return nil
	}
	// Beyond the voicing the tones repeat an octave up.
	return []int{v[i%len(v)] + 12*(i/len(v))}
}

// accent weighs a beat: the first of the bar most, off-beats least.
func (c *composer) accent(at float64) float64 {
	pos := at - float64(int(at+1e-6)/c.form.beats*c.form.beats)
	switch {
	case pos < 0.01:
		return 1.05
	case pos-float64(int(pos+1e-6)) < 0.01:
		return 0.98
	default:
		return 0.9
	}
}

// lastChord rolls the tonic and lets it ring.
func (c *composer) lastChord(h *hand, p *player, prev []int) {
	last := c.chords[len(c.chords)-1]
	v := voicing(prev, last.chord, p.notes, p.low, p.high)
	if p.power {
		v = powerChord(last.chord, p.low)
	}
	roll := max(p.strum, 0.02)
	if p.role == roleArp {
		roll = 0.06
	}
	for i, pitch := range v {
		h.delayed(last.at, c.tailSeconds(), pitch, 0.7, float64(i)*roll)
	}
}
