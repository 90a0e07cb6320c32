package synth

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"son1k/internal/provider"
)

func allGenres() []string {
	return newLexicon(styleWords).names
}

func drawRequest(t *rapid.T) provider.Request {
	return provider.Request{
		Style:    rapid.SampledFrom(allGenres()).Draw(t, "style"),
		Prompt:   rapid.SampledFrom([]string{"", "sad", "alegre y rápido", "dark slow minor", "happy major"}).Draw(t, "prompt"),
		Seed:     rapid.Int64().Draw(t, "seed"),
		Duration: time.Duration(rapid.Float64Range(0.3, 150).Draw(t, "seconds") * float64(time.Second)),
	}
}

func TestScoreIsPlayable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := compose(understand(drawRequest(t)))
		require.NotEmpty(t, s.events)
		last := int64(0)
		for _, e := range s.events {
			require.GreaterOrEqual(t, e.at, last)
			require.Less(t, e.at, s.form.total)
			require.Greater(t, e.dur, 0.0)
			require.Greater(t, e.vel, 0.0)
			require.LessOrEqual(t, e.vel, 1.0)
			if s.tracks[e.track].kit != nil {
				require.Contains(t, s.tracks[e.track].kit, e.pitch)
			} else {
				require.Truef(t, e.pitch >= 20 && e.pitch <= 100, "%s plays %d", s.tracks[e.track].name, e.pitch)
			}
			last = e.at
		}
	})
}

func TestHarmonyCoversTheSong(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := compose(understand(drawRequest(t)))
		at := 0.0
		for _, sp := range s.chords {
			require.InDelta(t, at, sp.at, 1e-6)
			require.GreaterOrEqual(t, len(sp.chord.tones), 3)
			at = sp.at + sp.len
		}
		end := s.chords[len(s.chords)-1]
		require.InDelta(t, s.form.lastBeat(), end.at, 1e-6)
		require.Equal(t, mod12(end.tonic), end.chord.root, "ends on the tonic")
		bars := 0
		for _, sec := range s.form.sections {
			require.Equal(t, bars, sec.start)
			require.Positive(t, sec.bars)
			bars += sec.bars
		}
		require.Equal(t, s.form.bars, bars)
	})
}

func TestTempoStaysInStyle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := drawRequest(t)
		req.Duration = max(req.Duration, 10*time.Second)
		b := understand(req)
		require.Greater(t, b.form.tempo, b.genre.tempo[0]*0.6)
		require.Less(t, b.form.tempo, b.genre.tempo[1]*1.5)
		require.InDelta(t, req.Duration.Seconds(), float64(b.form.total)/sampleRate, 0.01)
		require.Less(t, b.form.seconds(b.form.lastBeat()), req.Duration.Seconds())
	})
}

func TestTuneFitsTheChords(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		req := drawRequest(t)
		req.Duration = max(req.Duration, 20*time.Second)
		s := compose(understand(req))
		var strong, onChord, inScale, moved, leaps int
		last := -1.0
		for i, n := range s.tune {
			require.Greater(t, n.at, last)
			require.GreaterOrEqual(t, n.pitch, s.brief.genre.tune.low-12)
			require.LessOrEqual(t, n.pitch, s.brief.genre.tune.high+12)
			last = n.at
			sp := s.chords.at(n.at)
			if n.strong {
				strong++
				if sp.chord.has(n.pitch) {
					onChord++
				}
			}
			blue := localScale(sp.tonic, modeNamed("blues"), chord{root: sp.tonic, tones: []int{0}})
			leading := i+1 < len(s.tune) && s.tune[i+1].pitch == n.pitch+1
			if leading || localScale(sp.tonic, s.brief.mode, sp.chord)[mod12(n.pitch)] || s.brief.genre.tune.blue && blue[mod12(n.pitch)] {
				inScale++
			}
			if i > 0 && n.pitch != s.tune[i-1].pitch {
				moved++
				if d := n.pitch - s.tune[i-1].pitch; d > 12 || d < -12 {
					leaps++
				}
			}
		}
		n := float64(len(s.tune))
		require.Greater(t, n, 2.0)
		require.GreaterOrEqual(t, float64(onChord), 0.95*float64(strong))
		require.GreaterOrEqual(t, float64(inScale), 0.97*n)
		if n > 16 {
			require.Greater(t, float64(moved), 0.3*n, "the tune stands still")
		}
		require.Less(t, float64(leaps), 0.05*n+1)
		require.Equal(t, s.chords[len(s.chords)-1].chord.root, mod12(s.tune[len(s.tune)-1].pitch), "ends on the tonic")
	})
}

func TestStylesHaveTheirMarks(t *testing.T) {
	t.Parallel()
	song := func(style string) *score {
		return compose(understand(provider.Request{Style: style, Seed: 5, Duration: time.Minute}))
	}
	count := func(s *score, name string) int {
		n := 0
		for _, e := range s.events {
			if s.tracks[e.track].name == name {
				n++
			}
		}
		return n
	}
	require.Negative(t, song("classical").kick, "no drums")
	require.Equal(t, 12, song("blues").form.sections[1].bars)
	require.Equal(t, 3, song("vals").form.beats)
	require.Greater(t, count(song("metal"), "kick"), 3*count(song("reggae"), "kick"))
	walking := song("jazz")
	quarters := float64(walking.form.lastBeat())
	require.InDelta(t, quarters, float64(count(walking, "bass")), quarters*0.5)
	require.Greater(t, song("jazz").brief.genre.swing, 0.1)
}

func TestGenresAreComplete(t *testing.T) {
	t.Parallel()
	for _, name := range allGenres() {
		g, ok := genreNamed(name)
		require.True(t, ok, name)
		var leads int
		for i := range g.players {
			p := &g.players[i]
			require.NotNil(t, patch(p.patch, true), name)
			require.Less(t, p.low, p.high)
			if p.role == roleLead {
				leads++
			}
			if p.role == roleChord || p.role == roleArp || p.role == roleBass {
				require.NotEmpty(t, p.steady, "%s %s", name, p.name)
			}
		}
		require.Equal(t, 1, leads, name)
		for _, text := range append(append([]string{}, g.tune.verse...), g.tune.chorus...) {
			steps := len(strings.ReplaceAll(text, "|", ""))
			require.Zero(t, steps%g.beats, "%s: %q", name, text)
		}
	}
}
