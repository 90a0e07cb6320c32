package synth

// bass plays a line by the pattern of chord degrees, or walks.
func (c *composer) bass(p *player, track int) {
	h := c.hand(track, 0.7)
	played := false
	prev := (p.low + p.high) / 2
	for i := range c.form.sections {
		s := &c.form.sections[i]
		if !p.plays(s.energy) {
			continue
		}
		played = true
		if text := p.pattern(s.kind); text == "walk" {
			prev = c.walk(h, p, s, prev)
		} else {
			prev = c.bassPattern(h, p, s, text, prev)
		}
	}
	if played {
		last := c.chords[len(c.chords)-1]
		h.note(last.at, c.tailSeconds(), nearestClass(last.chord.root, p.low+5, p.low, p.high), 0.8)
	}
}

func (c *composer) bassPattern(h *hand, p *player, s *section, text string, prev int) int {
	beats := float64(c.form.beats)
	bars := patternBars(text)
	for b := 0; b < s.bars; b += bars {
		for _, hit := range parsePattern(text, beats*float64(bars)) {
			at := float64(s.start+b)*beats + hit.at
			if at > float64(s.start+s.bars)*beats-1e-6 {
				break
			}
			sp := c.chords.at(at)
			dur := min(hit.dur, max(sp.at+sp.len-at, 0.25))
			pitch := c.bassTone(p, sp.chord, c.chords.after(at).chord, hit.mark, prev)
			vel := (0.68 + 0.22*s.energy) * c.accent(at)
			h.note(at, dur*0.94, pitch, vel)
			if hit.mark == '1' {
				prev = pitch
			}
		}
	}
	return prev
}

// bassTone is the pitch that a mark asks for, near the last root.
func (c *composer) bassTone(p *player, ch, next chord, mark byte, prev int) int {
	root := nearestClass(ch.root, (prev+p.low+6)/2, p.low, p.high-7)
	switch mark {
	case '3':
		return root + ch.third()
	case '5':
		return root + ch.fifth()
	case '6':
		return root + 9
	case '7':
		return root + ch.seventh()
	case '8':
		return root + 12
	case 'a':
		return nearestClass(next.root, root, p.low, p.high) - 1
	default:
		return root
	}
}

// nearestClass is the pitch of a class nearest to a pitch, within a range.
func nearestClass(class, to, low, high int) int {
	p := to + mod12(class-to)
	if p-to > 6 {
		p -= 12
	}
	for p < low {
		p += 12
	}
	for p > high && p-12 >= low {
		p -= 12
	}
	return p
}

// walk plays quarters that pass through the chord and step into the next root.
func (c *composer) walk(h *hand, p *player, s *section, prev int) int {
	beats := c.form.beats
	r := c.rng("walk/" + s.kind.String() + string(rune('0'+s.turn%10)))
	for beat := s.start * beats; beat < (s.start+s.bars)*beats; beat++ {
		at := float64(beat)
		sp, next := c.chords.at(at), c.chords.after(at)
		var pitch int
		switch toGo := sp.at + sp.len - at; {
		case at-sp.at < 0.5:
			pitch = nearestClass(sp.chord.root, prev, p.low, p.high)
		case toGo <= 1:
			pitch = c.approach(r.IntN(3), next.chord.root, prev, p)
		default:
			pitch = c.walkTone(sp, prev, p, r.IntN(8))
		}
		vel := (0.68 + 0.2*s.energy) * (0.94 + 0.08*float64(beat%2))
		h.note(at, 0.9, pitch, vel)
		// A skipped eighth now and then keeps it rolling.
		if r.IntN(9) == 0 && s.energy > 0.55 {
			h.note(at+0.5, 0.3, pitch, vel*0.6)
		}
		prev = pitch
	}
	return prev
}

// approach leads into a root from a semitone above or below, or its fifth.
func (c *composer) approach(kind, root, prev int, p *player) int {
	target := nearestClass(root, prev, p.low+1, p.high-1)
	switch kind {
	case 0:
		return target + 1
	case 1:
		return target - 1
	default:
		if prev < target {
			return target - 2
		}
		return target + 2
	}
}

// walkTone is another tone of the chord or of its scale, a short way off.
func (c *composer) walkTone(sp span, prev int, p *player, pick int) int {
	in := localScale(sp.tonic, c.brief.mode, sp.chord)
	up := pick%2 == 0
	if prev > p.high-7 {
		up = false
	}
	if prev < p.low+7 {
		up = true
	}
	for d := 1; d <= 7; d++ {
		q := prev - d
		if up {
			q = prev + d
		}
		if sp.chord.has(q) || pick > 4 && d <= 2 && in[mod12(q)] {
			return min(max(q, p.low), p.high)
		}
	}
	return prev
}
