package synth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWords bounds how much of a prompt is read for its meaning.
const maxWords = 400

// wordsOf folds a text to lower case without accents and cuts it into words.
func wordsOf(text string) []string {
	text = strings.ToValidUTF8(text, " ")
	folded := strings.Map(fold, text)
	words := strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	return words[:min(len(words), maxWords)]
}

// fold is the bare lower-case letter; combining accents vanish.
func fold(r rune) rune {
	r = unicode.ToLower(r)
	switch r {
	case 'á', 'à', 'â', 'ä', 'ã', 'å':
		return 'a'
	case 'é', 'è', 'ê', 'ë':
		return 'e'
	case 'í', 'ì', 'î', 'ï':
		return 'i'
	case 'ó', 'ò', 'ô', 'ö', 'õ':
		return 'o'
	case 'ú', 'ù', 'û', 'ü':
		return 'u'
	case 'ñ':
		return 'n'
	case 'ç':
		return 'c'
	case '\'', '’':
		return -1
	}
	if unicode.Is(unicode.Mn, r) {
		return -1
	}
	return r
}

// clipRunes cuts a string to at most n runes.
func clipRunes(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
