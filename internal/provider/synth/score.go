package synth

import "sort"

// event is a note in the score: when, for how long and on which strip.
type event struct {
	at    int64   // sample
	dur   float64 // seconds
	pitch int
	vel   float64
	track int
	mute  bool
	seed  uint64
}

// track is a strip of the mixer with the sounds that play on it.
type track struct {
	name  string
	sound sound         // for pitched players
	kit   map[int]sound // for drums, by pitch
	mix   strip
	gain  float64 // set when the mix is balanced
}

// score is a composed song.
type score struct {
	brief  *brief
	form   *form
	chords harmony
	tracks []track
	events []event
	tune   []tuneNote // what the lead plays, in beats
	kick   int        // index of the kick's track, -1 without one
}

// sort orders the events in time; equal times keep the order of the players.
func (s *score) sort() {
	sort.SliceStable(s.events, func(i, j int) bool { return s.events[i].at < s.events[j].at })
}
