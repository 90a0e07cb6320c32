package synth

import (
	"strings"
	"unicode"
)

const (
	maxTitle      = 60 // runes
	maxTitleWords = 5
)

// orders are the words that ask for a song rather than describe it, and the
// small words that a title neither starts nor ends with.
const orders = ` a an the of to for with about and or but in on at by from my me i im please make create compose write generate want need song music track tune piece some that this is it its be style genre feat like very really minute minutes second seconds ` +
	` un una unos unas el la los las lo de del al para por con sin sobre y e o u pero en mi me yo que es se su sus una hazme haz crea crear compon componer escribe escribeme genera generar quiero quisiera necesito cancion canciones musica tema pista pieza tonada favor estilo genero muy como minuto minutos segundo segundos `

func isOrder(word string) bool { return strings.Contains(orders, " "+word+" ") }

// titleFor makes up a title out of the words of the prompt, in its language.
func titleFor(prompt string) string {
	words := strings.FieldsFunc(strings.ToValidUTF8(prompt, " "), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '\'' && r != '’' && r != '-'
	})
	words = words[:min(len(words), maxWords)]
	for len(words) > 0 && isSmall(words[0]) {
		words = words[1:]
	}
	var kept []string
	content := 0
	for _, w := range words {
		w = strings.Trim(w, "-'’")
		if w == "" {
			continue
		}
		kept = append(kept, w)
		if !isSmall(w) {
			content++
		}
		if content == 3 || len(kept) == maxTitleWords {
			break
		}
	}
	for len(kept) > 0 && isSmall(kept[len(kept)-1]) {
		kept = kept[:len(kept)-1]
	}
	if len(kept) == 0 {
		return ""
	}
	for i, w := range kept {
		if i == 0 || !isSmall(w) {
			kept[i] = capitalised(w)
		} else {
			kept[i] = strings.ToLower(w)
		}
	}
	return strings.TrimSpace(clipRunes(strings.Join(kept, " "), maxTitle))
}

func isSmall(word string) bool {
	folded := wordsOf(word)
	return len(folded) == 1 && isOrder(folded[0]) || len(folded) == 0
}

func capitalised(w string) string {
	r := []rune(w)
	r[0] = unicode.ToTitle(r[0])
	return string(r)
}
