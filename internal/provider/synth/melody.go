package synth

import (
	"math/rand/v2"
	"strconv"
)

// lead composes the tune and plays it.
func (c *composer) lead(p *player, track int) {
	h := c.hand(track, 1)
	h.behind = c.g.behind
	var themes [outro + 1]theme
	for k := intro; k <= outro; k++ {
		themes[k] = newTheme(c.rng("theme/"+k.String()), c.g, k)
	}
	themes[outro] = themes[verse]
	for i := range c.form.sections {
		s := &c.form.sections[i]
		if !p.plays(s.energy) {
			continue
		}
		c.singSection(p, s, themes[s.kind])
	}
	c.closeTune(p)
	answered := c.hasRole(roleReply)
	for _, n := range c.tune {
		if answered && c.inBridge(n.at) {
			continue // the others have their turn
		}
		h.note(n.at, n.dur, n.pitch, n.vel)
	}
}

func (c *composer) hasRole(r role) bool {
	for i := range c.g.players {
		if c.g.players[i].role == r {
			return true
		}
	}
	return false
}

func (c *composer) inBridge(beat float64) bool {
	return c.sectionAt(beat).kind == bridge && beat < c.form.lastBeat()-1e-6
}

// singer remembers where the tune is.
type singer struct {
	c    *composer
	p    *player
	r    *rand.Rand
	s    *section
	last int
	low  int
	high int
}

func (c *composer) singSection(p *player, s *section, th theme) {
	v := &singer{
		c: c, p: p, s: s, low: max(p.low, c.g.tune.low), high: min(p.high, c.g.tune.high),
		r: c.rng("tune/" + s.kind.String() + strconv.Itoa(s.turn)),
	}
	v.last = v.centre(0)
	for bar := range s.bars {
		i := bar % len(th.bars)
		m := th.bars[i]
		ends, full := th.ends[i], th.full[i]
		if bar == s.bars-1 {
			m, ends, full = th.bars[7], true, true
		}
		if !ends && bar > 0 && v.r.Float64() < c.g.tune.sparse {
			continue
		}
		if s.turn > 0 && s.kind != chorus || s.closing {
			m = m.ornamented(v.r, c.g.tune.turn)
		}
		v.sing(m, bar, ends, full)
	}
}

// centre is the height around which a bar moves: a phrase rises to its third
// quarter and falls to its end, and the chorus lies higher.
func (v *singer) centre(bar int) int {
	arch := [4]float64{0.42, 0.52, 0.64, 0.46}[bar%4]
	if v.s.kind == chorus {
		arch += 0.12
	}
	return v.low + int(arch*float64(v.high-v.low))
}

// sing places a motif in a bar: its anchor on a chord tone near the centre,
// the rest along the scale, strong beats on the chord.
func (v *singer) sing(m motif, bar int, ends, full bool) {
	beats := float64(v.c.form.beats)
	start := float64(v.s.start+bar) * beats
	anchor := 0
	for i, hit := range m.hits {
		at := start + hit.at
		if at >= v.c.form.lastBeat()-1e-6 {
			break
		}
		sp := v.c.chords.at(at)
		if i == 0 {
			anchor = v.chordTone(sp.chord, (2*v.last+3*v.centre(bar))/5)
		}
		pitch := v.step(sp, anchor, m.steps[i])
		strong := isStrong(hit.at, hit.dur, v.c.form.beats)
		final := ends && i == len(m.hits)-1
		switch {
		case final && full && sp.chord.has(sp.tonic):
			pitch = v.nearest(sp.tonic, pitch)
		case strong || final:
			moved := i > 0 && m.steps[i] != m.steps[i-1]
			pitch = v.settle(sp.chord, pitch, moved)
		}
		dur := min(hit.dur, v.c.form.lastBeat()-at)
		v.approach(at, pitch)
		v.emit(at, dur, pitch, strong || final, hit)
		v.last = pitch
	}
}

// approach turns the note before a target a semitone below it, now and then.
func (v *singer) approach(at float64, pitch int) {
	tune := v.c.tune
	if len(tune) == 0 || v.c.g.tune.chromatic == 0 || v.r.Float64() > v.c.g.tune.chromatic {
		return
	}
	prev := &tune[len(tune)-1]
	if d := prev.pitch - pitch; !prev.strong && prev.dur <= 0.5 && at-prev.at < 0.6 && d != 0 && d >= -2 && d <= 2 {
		prev.pitch = pitch - 1
	}
}

func (v *singer) emit(at, dur float64, pitch int, strong bool, h hit) {
	vel := (0.6 + 0.27*v.s.energy) * v.c.accent(at)
	if h.dur >= 1 {
		vel *= 1.06
	}
	gap := 0.94
	if v.c.g.sustained {
		gap = 1
	}
	v.c.tune = append(v.c.tune, tuneNote{at: at, dur: dur * gap, pitch: pitch, vel: min(vel, 1), strong: strong})
}

// isStrong says whether the ear expects a chord tone: on the first and middle
// beat, and wherever a note is held.
func isStrong(at, dur float64, beats int) bool {
	if dur >= 1 {
		return true
	}
	if beats == 4 {
		return at < 0.01 || at > 1.99 && at < 2.01
	}
	return at < 0.01
}

// scaleAt is the scale to sing over a chord.
func (v *singer) scaleAt(sp span) [12]bool {
	if v.c.g.tune.blue {
		m := modeNamed("blues")
		if v.c.brief.mode.minor || v.c.g.name == "blues" {
			return localScale(sp.tonic, m, chord{root: sp.tonic, tones: []int{0}})
		}
	}
	return localScale(sp.tonic, v.c.brief.mode, sp.chord)
}

// step moves n scale steps from a pitch, turning back at the ends of the range.
func (v *singer) step(sp span, from, n int) int {
	in := v.scaleAt(sp)
	dir := 1
	if n < 0 {
		dir, n = -1, -n
	}
	p := from
	if !in[mod12(p)] {
		// The harmony has moved on under the motif.
		p -= dir
		for !in[mod12(p)] {
			p -= dir
		}
		n++
	}
	for n > 0 {
		q := p + dir
		for !in[mod12(q)] {
			q += dir
		}
		if q > v.high || q < v.low {
			if dir = -dir; n == 1 {
				return p
			}
			n--
			continue
		}
		p = q
		n--
	}
	return p
}

// chordTone is the nearest tone of the chord; of two, the one towards the
// middle of the range.
func (v *singer) chordTone(ch chord, to int) int {
	to = min(max(to, v.low), v.high)
	middle := (v.low + v.high) / 2
	for d := 0; d <= 7; d++ {
		first, second := to+d, to-d
		if to > middle {
			first, second = second, first
		}
		for _, p := range [2]int{first, second} {
			if ch.has(p) && p >= v.low && p <= v.high {
				return p
			}
		}
	}
	return to
}

// settle is the chord tone nearest to a pitch, but not the note just sung if
// the tune was meant to move.
func (v *singer) settle(ch chord, to int, moved bool) int {
	best, cost := to, 100
	for p := max(to-7, v.low); p <= min(to+7, v.high); p++ {
		if !ch.has(p) {
			continue
		}
		d := 2 * max(p-to, to-p)
		if moved && p == v.last {
			d += 10
		}
		if p > to == (to > v.last) {
			d-- // of two, the one that goes on in the same direction
		}
		if d < cost {
			best, cost = p, d
		}
	}
	return best
}

func (v *singer) nearest(class, to int) int {
	return nearestClass(class, to, v.low, v.high)
}

// closeTune ends on the tonic, from wherever the tune has come.
func (c *composer) closeTune(p *player) {
	if len(c.tune) == 0 {
		return
	}
	last := c.chords[len(c.chords)-1]
	pitch := nearestClass(last.chord.root, c.tune[len(c.tune)-1].pitch, p.low, p.high)
	c.tune = append(c.tune, tuneNote{at: last.at, dur: c.tailSeconds() * 0.8, pitch: pitch, vel: 0.65, strong: true})
}

// follow plays the tune a third below, moved to the chord where it is strong.
func (c *composer) follow(p *player, track int) {
	h := c.hand(track, 1)
	h.behind = c.g.behind
	for _, n := range c.tune {
		s := c.sectionAt(n.at)
		if !p.plays(s.energy) || n.at >= c.form.lastBeat()-1e-6 {
			continue
		}
		sp := c.chords.at(n.at)
		v := &singer{c: c, p: p, s: s, low: p.low, high: p.high}
		pitch := v.step(sp, nearestClass(n.pitch, n.pitch, p.low, p.high), -2)
		if n.strong {
			pitch = v.chordTone(sp.chord, pitch)
		}
		h.note(n.at, n.dur, pitch, n.vel*0.8)
	}
}

// reply fills the rests of the tune with short figures on the chord, and takes
// the tune over in the bridge.
func (c *composer) reply(p *player, track int) {
	h := c.hand(track, 1)
	for _, n := range c.tune {
		if c.inBridge(n.at) {
			h.note(n.at, n.dur, intoRange(n.pitch, p.low, p.high), n.vel)
		}
	}
	r := c.rng("reply/" + p.name)
	end := c.form.lastBeat()
	for i := 0; i <= len(c.tune); i++ {
		from, to := 0.0, end
		if i > 0 {
			from = c.tune[i-1].at + c.tune[i-1].dur
		}
		if i < len(c.tune) {
			to = c.tune[i].at
		}
		from = float64(int(from*2+0.99)) / 2
		if gap := min(to, end) - from; gap >= 1 && r.Float64() < 0.75 {
			c.figure(h, p, r, from, min(gap, 2))
		}
	}
}

// intoRange moves a pitch by octaves into an instrument's range.
func intoRange(pitch, low, high int) int {
	return nearestClass(pitch, pitch, low, high)
}

// figure is a few notes running along the chord.
func (c *composer) figure(h *hand, p *player, r *rand.Rand, from, beats float64) {
	s := c.sectionAt(from)
	if !p.plays(s.energy) || s.kind == bridge {
		return
	}
	v := &singer{c: c, p: p, s: s, low: p.low, high: p.high}
	sp := c.chords.at(from)
	pitch := v.chordTone(sp.chord, (p.low+p.high)/2+r.IntN(7)-3)
	dir := 1 - 2*r.IntN(2)
	for at := from; at < from+beats-0.4; at += 0.5 {
		if at > from && r.Float64() < 0.3 {
			continue
		}
		h.note(at, 0.45, pitch, 0.55+0.25*s.energy)
		sp = c.chords.at(at + 0.5)
		pitch = v.step(sp, pitch, dir*(1+r.IntN(2)))
	}
}
