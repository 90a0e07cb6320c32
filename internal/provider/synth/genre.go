package synth

// genre is everything a style of music decides. The tables in genre_*.go are
// data: to change how a style plays, change its patterns.
type genre struct {
	name  string
	tempo [2]float64 // beats per minute, the usual range
	beats int        // to the bar
	unit  int        // bars of a phrase: 4, or 12 for the blues
	swing float64    // beats by which the second half of a beat comes late
	lazy  float64    // the same for the second half of half a beat

	minorChance  float64
	major, minor tonality

	kit    string
	calm   groove // intro and bridge
	steady groove // verse
	full   groove // chorus

	players []player
	tune    melodyStyle

	room      float64 // seconds of reverb
	roomTone  float64 // 0 dark – 1 bright
	echo      float64 // beats between echoes
	feedback  float64
	loose     float64 // spread of the timing in seconds
	behind    float64 // seconds the snare and the lead lie back
	ritard    float64 // beats by which the last bar slows
	longTail  bool    // the last chord rings longer
	lift      bool    // may go up a tone for the last chorus
	duck      float64 // how deep the kick ducks the pads
	target    float64 // LUFS of the whole
	darkness  float64 // Hz of a lowpass over everything, 0 for none
	crackle   bool    // dust of an old record
	sustained bool    // no rests for the lead: bowed and ambient music
}

// tonality is a mode with progressions that belong to it.
type tonality struct {
	mode                  string
	verse, chorus, bridge []string
}

func (t tonality) choices(k sectionKind) []string {
	switch {
	case k == chorus && len(t.chorus) > 0:
		return t.chorus
	case k == bridge && len(t.bridge) > 0:
		return t.bridge
	default:
		return t.verse
	}
}

// groove is one bar (or two) of every piece of the kit.
type groove struct {
	kick, snare, hat, ride, perc, perc2 string
	fill                                fillStyle
}

// fillStyle is how the drummer leads into the next section.
type fillStyle int

const (
	fillNone  fillStyle = iota
	fillSnare           // a few strokes on the snare
	fillToms            // round the kit
	fillBuild           // a roll that swells, for dance music
	fillLight           // rim and percussion
)

// role is what a player does with the harmony.
type role int

const (
	rolePad   role = iota // holds the chord
	roleChord             // strikes the chord by a pattern
	roleArp               // breaks the chord by a pattern of tone numbers
	roleBass              // a line by a pattern of chord degrees, or "walk"
	roleLead              // the tune
	roleThird             // follows the tune a third below
	roleReply             // answers in the rests of the tune, and has it in the bridge
)

// player is an instrument with its part and its place in the mix.
type player struct {
	name      string // strip and patch
	patch     string
	role      role
	from, to  float64 // energies between which it plays; to 0 means 1
	low, high int     // MIDI range
	notes     int     // of a voicing
	calm      string  // patterns; empty falls back to steady
	steady    string
	full      string
	strum     float64 // seconds from the lowest to the highest string
	power     bool    // only roots and fifths, as distortion wants
	short     float64 // length of a struck note as a share of its step; 0 is 0.95
	mix       strip
}

// strip is a channel of the mixer.
type strip struct {
	level  float64 // dB, against a lead at 0
	pan    float64 // -1 left – 1 right
	reverb float64 // send, 0–1
	echo   float64 // send
	drive  float64 // gain into the amplifier, 0 for none
	chorus float64 // 0–1
	low    float64 // Hz of a highpass, 0 for none
	high   float64 // Hz of a lowpass, 0 for none
	duck   bool    // makes room for the kick
}

// melodyStyle shapes the tunes of a genre.
type melodyStyle struct {
	low, high int
	verse     []string // rhythms of a bar
	chorus    []string
	cadence   []string // rhythms of a bar that ends a phrase
	leaps     float64  // chance of a leap rather than a step
	blue      bool     // bends towards the blues scale
	chromatic float64  // chance of approaching by a semitone
	turn      float64  // chance of an ornament when a tune comes back
	sparse    float64  // chance of leaving a bar out
}

// silenceVoices gives what is sung to other instruments.
func (g *genre) silenceVoices() {
	for i := range g.players {
		switch p := &g.players[i]; p.patch {
		case "vox":
			p.patch = "squarelead"
		case "choir":
			p.patch = "strings"
		}
	}
}

func (p *player) plays(energy float64) bool {
	return energy >= p.from && (p.to == 0 || energy < p.to)
}

func (p *player) pattern(k sectionKind) string {
	text := p.steady
	switch {
	case k == chorus && p.full != "":
		text = p.full
	case (k == intro || k == bridge || k == outro) && p.calm != "":
		text = p.calm
	}
	return text
}

func (g *genre) groove(k sectionKind) groove {
	switch k {
	case chorus:
		return g.full
	case verse:
		return g.steady
	default:
		return g.calm
	}
}
