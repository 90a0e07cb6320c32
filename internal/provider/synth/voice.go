package synth

// voice is one sounding note. A voice adds itself to out and reports whether
// anything of it is left to hear.
type voice interface {
	render(out []float64) bool
}

// tone is what a voice needs to know of its note.
type tone struct {
	pitch float64 // MIDI
	dur   float64 // seconds until the key goes up
	vel   float64 // 0–1
	mute  bool    // palm-muted or choked
	seed  uint64
}

// sound builds the voice for a note: one instrument.
type sound interface {
	voice(t tone) voice
}

// amplitude follows velocity a little more than linearly, as players do.
func (t tone) amplitude() float64 { return t.vel * (0.35 + 0.65*t.vel) }
