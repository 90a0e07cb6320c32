package synth

// drummer plays the kit; the tracks of the pieces lie side by side.
type drummer struct {
	c     *composer
	hands []*hand
}

const (
	pieceKick = iota
	pieceSnare
	pieceHat
	pieceRide
	pieceCrash
	pieceToms
	piecePerc
	piecePerc2
)

func (c *composer) drums() {
	d := &drummer{c: c}
	for _, piece := range kitPieces() {
		t := c.addTrack(track{name: piece, kit: kitSounds(c.g.kit, piece), mix: kitMix(c.g.kit, piece)})
		d.hands = append(d.hands, c.hand(t, 0.5))
	}
	d.hands[pieceSnare].behind = c.g.behind
	c.kick = d.hands[pieceKick].track
	for i := range c.form.sections {
		d.section(i)
	}
	d.finish()
}

func (d *drummer) section(i int) {
	c := d.c
	s := &c.form.sections[i]
	g := c.g.groove(s.kind)
	if len(c.form.sections) == 1 {
		g = c.g.steady
	}
	if s.kind == chorus || i > 0 && s.kind == verse && s.turn > 0 {
		d.crash(float64(s.start*c.form.beats), s.energy)
	}
	for bar := range s.bars {
		fill := 0.0
		switch {
		case bar == s.bars-1 && s.kind != outro:
			fill = min(2, float64(c.form.beats))
		case bar%4 == 3 && g.fill != fillNone:
			fill = 0.5
		}
		if s.kind == intro && s.bars < 2 || g.fill == fillNone && bar < s.bars-1 {
			fill = 0
		}
		d.bar(g, s, bar, fill)
	}
}

// bar plays the groove up to the fill, and the fill.
func (d *drummer) bar(g groove, s *section, bar int, fill float64) {
	beats := float64(d.c.form.beats)
	style := g.fill
	if style == fillNone {
		// A quiet section still announces a louder one.
		style = d.c.g.full.fill
	}
	if style == fillNone {
		fill = 0
	}
	until := beats - fill
	d.pattern(pieceKick, g.kick, s, bar, beats-fill/2)
	d.pattern(pieceSnare, g.snare, s, bar, until)
	d.pattern(pieceHat, g.hat, s, bar, until)
	d.pattern(pieceRide, g.ride, s, bar, until)
	d.pattern(piecePerc, g.perc, s, bar, beats)
	d.pattern(piecePerc2, g.perc2, s, bar, beats)
	if fill > 0 {
		d.fill(style, float64(s.start+bar)*beats+until, fill, s.energy)
	}
}

func (d *drummer) pattern(piece int, text string, s *section, bar int, until float64) {
	if text == "" {
		return
	}
	beats := float64(d.c.form.beats)
	bars := patternBars(text)
	offset := float64(bar%bars) * beats
	h := d.hands[piece]
	for _, hit := range parsePattern(text, beats*float64(bars)) {
		in := hit.at - offset
		if in < -1e-6 || in > until-1e-6 {
			continue
		}
		vel := strength(hit.mark) * (0.65 + 0.3*s.energy)
		if piece != pieceKick && piece != pieceSnare {
			vel *= d.c.accent(float64(s.start+bar)*beats + in)
		}
		sound := plain
		if piece == pieceHat {
			sound = hatClosed
			if hit.mark == 'o' || hit.mark == 'O' {
				sound = hatOpen
			}
		}
		h.note(float64(s.start+bar)*beats+in, hit.dur, sound, vel)
	}
}

func (d *drummer) crash(at, energy float64) {
	if d.c.g.kit == "soft" || d.c.g.kit == "brush" && energy < 0.8 {
		return
	}
	d.hands[pieceCrash].note(at, 1, plain, 0.45+0.4*energy)
}

// fill plays the last beats before a new phrase.
func (d *drummer) fill(style fillStyle, at, beats, energy float64) {
	snare, toms := d.hands[pieceSnare], d.hands[pieceToms]
	vel := 0.5 + 0.35*energy
	step := 0.25
	if d.c.g.swing > 0 {
		step = 0.5 // sixteenths would fight the shuffle
	}
	n := int(beats/step + 0.5)
	for i := range n {
		x := float64(i) / float64(n)
		t := at + float64(i)*step
		switch style {
		case fillSnare:
			if n <= 2 || i%4 != 1 {
				snare.note(t, step, plain, vel*(0.6+0.4*x))
			}
		case fillToms:
			if n <= 2 || i < n/4 {
				snare.note(t, step, plain, vel*(0.8+0.2*x))
			} else {
				toms.note(t, step, []int{tomHigh, tomMid, tomLow}[min(int((x-0.25)*4), 2)], vel)
			}
		case fillBuild:
			snare.note(t, step, plain, vel*(0.3+0.7*x))
		case fillLight:
			if i%2 == 1 || i == n-1 {
				snare.note(t, step, plain, vel*0.6)
			}
		}
	}
}

// finish is the last stroke, with the closing chord.
func (d *drummer) finish() {
	last := d.c.form.lastBeat()
	if len(d.c.g.full.kick) > 0 {
		d.hands[pieceKick].note(last, 1, plain, 0.75)
	}
	if d.c.g.kit != "soft" {
		d.hands[pieceCrash].note(last, 1, plain, 0.6)
	}
}
