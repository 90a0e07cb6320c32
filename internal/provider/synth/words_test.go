package synth

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"son1k/internal/provider"
)

func TestStyleWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ style, prompt, want string }{
		{"Pop", "", "pop"},
		{"ROCK en Español", "", "rock"},
		{"hip-hop", "", "hip-hop"},
		{"Lo-Fi chill", "", "lo-fi"},
		{"synthwave 80s", "", "synthwave"},
		{"música clásica", "", "classical"},
		{"clásica", "", "classical"},
		{"bolero", "", "bolero"},
		{"Vals", "", "waltz"},
		{"salsa picante", "", "salsa"},
		{"R&B", "", "soul"},
		{"drum & bass", "", "electronic"},
		{"heavy metal", "", "metal"},
		{"jazz rock", "", "jazz"},
		{"algo raro", "una cumbia para bailar", "cumbia"},
		{"xyzzy", "epic orchestra", "classical"},
		{"bossa-nova", "", "bossa nova"},
		{"reggaetón", "", "reggaeton"},
		{"norteño", "", "country"},
		{"pop", "una salsa alegre", "salsa"},
		{"pop", "fiesta en la playa", "pop"},
		{"indie pop", "not jazz", "pop"},
	} {
		g, matched := chooseGenre(provider.Request{Style: c.style, Prompt: c.prompt})
		require.Equal(t, c.want, g.name, c.style)
		require.True(t, matched)
	}
}

func TestUnknownStyleIsChosenOnce(t *testing.T) {
	t.Parallel()
	a, matched := chooseGenre(provider.Request{Style: "qwertyuiop"})
	require.False(t, matched)
	b, _ := chooseGenre(provider.Request{Style: "qwertyuiop"})
	require.Equal(t, a.name, b.name)
}

func TestMoods(t *testing.T) {
	t.Parallel()
	minors := func(prompt string) (n int, tempo float64) {
		for seed := range int64(40) {
			b := understand(provider.Request{Style: "pop", Prompt: prompt, Seed: seed, Duration: time.Minute})
			if b.mode.minor {
				n++
			}
			tempo += b.form.tempo / 40
		}
		return n, tempo
	}
	sad, slowTempo := minors("una canción triste y lenta")
	happy, fastTempo := minors("una canción alegre y rápida")
	require.Greater(t, sad, 30)
	require.Less(t, happy, 10)
	require.Greater(t, fastTempo, 1.15*slowTempo)
	minor, _ := minors("in a minor key")
	require.Equal(t, 40, minor)
}

func TestTitles(t *testing.T) {
	t.Parallel()
	for prompt, want := range map[string]string{
		"a song about the quiet sea at night":            "Quiet Sea at Night",
		"Una canción alegre sobre el verano en la playa": "Alegre sobre el Verano",
		"create a sad ballad":                            "Sad Ballad",
		"Crea una canción de amor":                       "Amor",
		"música para estudiar":                           "Estudiar",
		"¡¿ñandú?!":                                      "Ñandú",
		"":                                               "",
		"a the of":                                       "",
		"雨の夜":                                            "雨の夜",
		"don't stop":                                     "Don't Stop",
	} {
		require.Equal(t, want, titleFor(prompt), prompt)
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, s := range []string{"pop", "rock en español", "\xff\xfe", "ñ́̃", strings.Repeat("jazz ", 2000), "🎵🎶", "\x00", "а́б", "--'’-"} {
		f.Add(s, s, int64(3), 10.0)
	}
	f.Fuzz(func(t *testing.T, style, prompt string, seed int64, seconds float64) {
		if !(seconds > 0.01 && seconds <= 600) {
			seconds = 10
		}
		req := provider.Request{Style: style, Prompt: prompt, Seed: seed, Duration: time.Duration(seconds * float64(time.Second))}
		b := understand(req)
		require.NotEmpty(t, b.title)
		require.True(t, utf8.ValidString(b.title))
		require.LessOrEqual(t, utf8.RuneCountInString(b.title), maxTitle)
		require.NotContains(t, b.title, "\x00")
		require.Equal(t, b.title, understand(req).title)
		require.NotEmpty(t, b.form.sections)
	})
}
