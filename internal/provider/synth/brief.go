package synth

import (
	"hash/fnv"
	"math/rand/v2"
	"strconv"

	"son1k/internal/provider"
)

// brief is what the composer was asked for, understood.
type brief struct {
	genre    *genre
	mode     mode
	tonality tonality
	tonic    int
	form     *form
	seed     uint64
	energy   float64
	title    string
	matched  bool // the style was understood rather than guessed
	fine     bool // a quality above standard: thicker voices, denser reverb
}

// genreNamed returns a fresh copy of a genre, or false.
func genreNamed(name string) (genre, bool) {
	builders := [...]func() genre{
		popGenre, rockGenre, punkGenre, metalGenre, hiphopGenre, trapGenre, lofiGenre, reggaetonGenre,
		electronicGenre, synthwaveGenre, ambientGenre, jazzGenre, bossaGenre, funkGenre, soulGenre, discoGenre,
		classicalGenre, waltzGenre, countryGenre, folkGenre, bluesGenre, reggaeGenre, salsaGenre, cumbiaGenre,
		boleroGenre, flamencoGenre,
	}
	for _, build := range builders {
		if g := build(); g.name == name {
			return g, true
		}
	}
	return genre{}, false
}

// understand reads a request.
func understand(req provider.Request) *brief {
	b := &brief{seed: songSeed(req), fine: req.Quality != "" && req.Quality != "standard"}
	r := rand.New(rand.NewPCG(b.seed, 0x736f6e31))
	b.genre, b.matched = chooseGenre(req)
	if req.Instrumental {
		b.genre.silenceVoices()
	}
	words := append(wordsOf(req.Style), wordsOf(req.Prompt)...)
	minor, tempo := b.genre.minorChance, 1.0
	for _, name := range newLexicon(moodWords).all(words) {
		m := moodNamed(name)
		minor += m.minor
		if m.tempo > 0 {
			tempo *= m.tempo
		}
		b.energy += m.energy
	}
	b.tonality = b.genre.major
	if r.Float64() < minor {
		b.tonality = b.genre.minor
	}
	b.mode = modeNamed(b.tonality.mode)
	b.tonic = r.IntN(12)
	lo, hi := b.genre.tempo[0], b.genre.tempo[1]
	bpm := (lo + (hi-lo)*r.Float64()) * min(max(tempo, 0.75), 1.25)
	b.form = planForm(b.genre, bpm, req.Duration)
	for i := range b.form.sections {
		s := &b.form.sections[i]
		least := 0.3
		if s.kind == verse {
			least = 0.55 // below that the lead would be silent
		}
		s.energy = min(max(s.energy+b.energy*0.5, least), 1)
	}
	if b.title = req.Title; b.title == "" {
		b.title = titleFor(req.Prompt)
	}
	if b.title == "" {
		b.title = capitalised(b.genre.name) + " in " + keyName(b.tonic)
	}
	return b
}

// chooseGenre looks for known words in the style and then in the prompt; words
// that nobody knows still choose the same genre every time.
func chooseGenre(req provider.Request) (*genre, bool) {
	known := newLexicon(styleWords)
	style, prompt := wordsOf(req.Style), wordsOf(req.Prompt)
	name, ok := known.find(style)
	if !ok {
		name, ok = known.find(prompt)
	}
	if len(style) == 1 && style[0] == "pop" {
		if plain, found := newLexicon(plainNames).find(prompt); found {
			name = plain
		}
	}
	if !ok {
		h := fnv.New64a()
		h.Write([]byte(req.Style))
		pick := [...]string{"pop", "electronic", "lo-fi", "folk", "soul", "rock", "synthwave", "jazz"}
		name = pick[h.Sum64()%uint64(len(pick))]
	}
	g, found := genreNamed(name)
	if !found {
		g = popGenre()
	}
	return &g, ok
}

// songSeed mixes everything that should make one song differ from another.
func songSeed(req provider.Request) uint64 {
	h := fnv.New64a()
	for _, s := range []string{req.Prompt, req.Style, strconv.FormatInt(req.Seed, 10)} {
		h.Write([]byte(s))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

// metadata is what is worth showing of a song.
func (b *brief) metadata(seed int64) map[string]any {
	return map[string]any{
		"engine":     "synth",
		"style":      b.genre.name,
		"key":        keyName(b.tonic),
		"mode":       b.mode.name,
		"tempo":      float64(int(b.form.tempo*10+0.5)) / 10,
		"form":       b.form.String(),
		"seed":       seed,
		"sampleRate": sampleRate,
	}
}
