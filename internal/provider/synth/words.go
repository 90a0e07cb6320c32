package synth

import "strings"

// styleWords maps what people write to a genre: "genre: words and phrases", in
// English and Spanish, without accents (the text is folded before the search).
const styleWords = `
pop: pop, kpop, k pop, jpop, dance pop, synth pop, electropop, indie pop, power pop, top 40, radio, chart, hit, teen, boy band, balada pop, balada, ballad, romantica, romantico, infantil, children, kids, cancion de cuna, christmas, navidad, villancico, cumpleanos, birthday, worship, christian
rock: rock, rock en espanol, hard rock, classic rock, alternative, alternativo, alternativa, indie, indie rock, grunge, garage rock, psychedelic, psicodelico, rock and roll, rock n roll, rocanrol, surf, stoner, prog, progresivo, shoegaze, britpop, post rock
punk: punk, pop punk, hardcore punk, ska punk, emo, skate
metal: metal, heavy metal, heavy, thrash, death metal, black metal, metalcore, doom, nu metal, djent, power metal, hardcore, screamo
hip-hop: hip hop, hiphop, rap, boom bap, old school, gangsta, freestyle, cypher, rapero, rapera, grime
trap: trap, drill, phonk, latin trap, trap latino, cloud rap
lo-fi: lofi, lo fi, chillhop, lofi chill, lo fi chill, study, estudiar, chill beats, bedroom, chill
reggaeton: reggaeton, regueton, perreo, dembow, urbano, latin urban, dancehall, afrobeat, afrobeats, moombahton
electronic: electronic, electronica, electronico, edm, house, deep house, tech house, techno, tecno, trance, dance, dubstep, drum and bass, drum bass, dnb, drum n bass, jungle, electro, club, rave, hardstyle, eurodance, progressive house, big room, future bass, idm, breakbeat, garage, uk garage, discoteca, fiesta, party, festival, dj, remix
synthwave: synthwave, synth wave, retrowave, vaporwave, outrun, 80s, ochentas, ochentero, anos 80, cyberpunk, retro, new wave, darkwave, synth, sintetizador, chiptune, 8 bit, videogame, videojuego, arcade
ambient: ambient, ambiental, drone, new age, meditation, meditacion, meditar, relax, relaxing, relajante, relajacion, sleep, dormir, spa, yoga, atmospheric, atmosferico, space, espacio, soundscape, paisaje sonoro, calm music, zen, healing, sanacion, ethereal, etereo, binaural
jazz: jazz, swing, bebop, big band, smooth jazz, cool jazz, dixieland, ragtime, latin jazz, jazz fusion, fusion, crooner, lounge, cocktail, cabaret, noir, gypsy jazz
bossa nova: bossa nova, bossanova, bossa, samba, mpb, brazilian, brasileno, brasilena, brasil, brazil, choro
funk: funk, funky, p funk, groove, acid jazz, afro funk, brass band
soul: soul, r b, rnb, rhythm and blues, neo soul, motown, gospel, quiet storm, spiritual, new jack swing
disco: disco, nu disco, boogie, 70s, setentas, anos 70, musica disco
classical: classical, clasica, clasico, orchestra, orchestral, orquesta, orquestal, symphony, symphonic, sinfonia, sinfonica, sinfonico, baroque, barroco, barroca, opera, concerto, concierto, sonata, string quartet, cuarteto, chamber, camara, piano solo, violin, cello, cinematic, cinematografico, epic, epica, epico, soundtrack, banda sonora, film, pelicula, trailer, fantasy, fantasia, medieval, renaissance, renacimiento, minimalist, minimalista, impressionist, romantic era, nocturne, nocturno, requiem, choral, coral, himno, anthem
waltz: waltz, vals, valse, viennese, vienes, vals peruano, vals criollo, mazurka
country: country, bluegrass, americana, honky tonk, nashville, cowboy, vaquero, western, outlaw, country rock, banjo, rodeo, ranchera, corrido, norteno, nortena, banda, mariachi, mexicano, mexicana, tejano, tex mex, corridos tumbados
folk: folk, folklore, folclore, acoustic, acustico, acustica, singer songwriter, cantautor, cantautora, trova, nueva trova, celtic, celta, irish, irlandes, indie folk, campfire, fogata, ukulele, andina, andino, huayno, zamba, chacarera, sea shanty, traditional, tradicional, balkan
blues: blues, delta blues, chicago blues, blues rock, rhythm n blues, slow blues, texas blues, southern, harmonica, armonica
reggae: reggae, ska, dub, roots, rocksteady, rasta, jamaica, jamaican, jamaiquino, island, beach, playa, tropical, calypso, soca
salsa: salsa, son cubano, timba, mambo, rumba, guaguanco, merengue, cha cha cha, chachacha, cha cha, latin, latino, latina, cuban, cubano, cubana, boogaloo, caribe, caribena, caribbean, guaracha, plena, bomba
cumbia: cumbia, vallenato, cumbia villera, cumbia rebajada, porro, chicha, tecnocumbia, guajira, carnavalito
bolero: bolero, bachata, danzon, tango, milonga, son, filin, boleros, serenata, serenade, bolero ranchero, fado
flamenco: flamenco, rumba flamenca, buleria, bulerias, gypsy, gitano, gitana, solea, sevillanas, spanish guitar, guitarra espanola, andalusian, andaluz, arabic, arabe, middle eastern, oriental
`

// plainNames are the words that can mean nothing but a genre. They are enough,
// in a prompt, to overrule the style "pop" that stands for no choice at all.
const plainNames = `
rock: rock
punk: punk
metal: metal, heavy metal
hip-hop: hip hop, hiphop, rap
trap: trap
lo-fi: lofi, lo fi
reggaeton: reggaeton
electronic: electronic, electronica, techno, edm, trance
synthwave: synthwave
ambient: ambient
jazz: jazz
bossa nova: bossa nova
funk: funk
soul: soul, r b
disco: disco
classical: classical, clasica, orchestral, orquestal, symphony, sinfonia
waltz: waltz, vals
country: country, bluegrass, ranchera
folk: folk, folclore
blues: blues
reggae: reggae
salsa: salsa, merengue
cumbia: cumbia
bolero: bolero, bachata, tango
flamenco: flamenco
`

// moodWords maps words to a mood: what it does to the music is in moods.
const moodWords = `
sad: sad, sadness, melancholy, melancholic, sorrow, lonely, loneliness, tears, cry, crying, heartbreak, broken, goodbye, farewell, lost, grief, blue, miss you, nostalgia, nostalgic, triste, tristeza, melancolia, melancolico, melancolica, soledad, solo y triste, lagrimas, llorar, llanto, desamor, despedida, adios, dolor, extrano, nostalgico, nostalgica, luto, pena
happy: happy, happiness, joy, joyful, cheerful, bright, sunny, sunshine, fun, celebration, smile, upbeat, uplifting, playful, summer, optimistic, feliz, felicidad, alegre, alegria, contento, contenta, divertido, divertida, soleado, sol, sonrisa, sonreir, verano, celebracion, optimista, esperanza, hope, hopeful
dark: dark, darkness, night, evil, horror, scary, haunted, ominous, tense, tension, mysterious, mystery, gothic, sinister, storm, oscuro, oscura, oscuridad, noche, terror, miedo, siniestro, tenso, misterio, misterioso, misteriosa, gotico, gotica, tormenta, sombra, sombras, muerte, death
slow: slow, slowly, lento, lenta, despacio, adagio, largo, lullaby, nana
fast: fast, quick, rapid, speed, racing, rapido, rapida, veloz, velocidad, acelerado, allegro, presto, run, running, correr
calm: calm, peaceful, peace, gentle, soft, quiet, tender, dreamy, dream, serene, mellow, soothing, cozy, rain, tranquilo, tranquila, calma, paz, suave, tierno, tierna, sueno, suenos, sereno, serena, dulce, lluvia, relajado, delicado, delicada
energetic: energetic, energy, powerful, power, intense, aggressive, angry, rage, workout, gym, hype, wild, explosive, motivational, driving, energico, energica, energia, poderoso, poderosa, potente, intenso, intensa, agresivo, agresiva, furia, rabia, enojo, entrenar, gimnasio, salvaje, explosivo, motivador, fuerte, fuerza, fuego, fire
romantic: romantic, love, lover, kiss, heart, passion, wedding, amor, enamorado, enamorada, beso, besos, corazon, pasion, boda, carino, te amo, te quiero, amado, amada
major: major, major key, mayor, tono mayor
minor: minor, minor key, menor, tono menor
`

// mood is what a word does to the music.
type mood struct {
	minor  float64 // added to the chance of the minor mode
	tempo  float64 // factor
	energy float64 // added to every section
}

func moodNamed(name string) mood {
	switch name {
	case "sad":
		return mood{minor: 0.7, tempo: 0.9, energy: -0.06}
	case "happy":
		return mood{minor: -0.8, tempo: 1.05, energy: 0.04}
	case "dark":
		return mood{minor: 0.8, tempo: 0.96}
	case "slow":
		return mood{tempo: 0.85, energy: -0.04}
	case "fast":
		return mood{tempo: 1.15, energy: 0.05}
	case "calm":
		return mood{tempo: 0.92, energy: -0.1}
	case "energetic":
		return mood{tempo: 1.08, energy: 0.1}
	case "romantic":
		return mood{minor: -0.1, tempo: 0.96, energy: -0.03}
	case "major":
		return mood{minor: -2}
	case "minor":
		return mood{minor: 2}
	default:
		return mood{tempo: 1}
	}
}

// lexicon finds the phrases of a table in a text.
type lexicon struct {
	names   []string
	phrases []map[string]bool // by name
	longest int
}

func newLexicon(table string) *lexicon {
	l := &lexicon{}
	for line := range strings.Lines(table) {
		name, words, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		set := map[string]bool{}
		for w := range strings.SplitSeq(words, ",") {
			w = strings.TrimSpace(w)
			set[w] = true
			l.longest = max(l.longest, strings.Count(w, " ")+1)
		}
		l.names = append(l.names, name)
		l.phrases = append(l.phrases, set)
	}
	return l
}

// find returns the name whose phrase is the longest in words, then the first.
func (l *lexicon) find(words []string) (string, bool) {
	for n := l.longest; n >= 1; n-- {
		for i := 0; i+n <= len(words); i++ {
			if name, ok := l.lookup(strings.Join(words[i:i+n], " ")); ok {
				return name, true
			}
		}
	}
	return "", false
}

// all returns each name found in words once, in the order of the table.
func (l *lexicon) all(words []string) []string {
	found := make([]bool, len(l.names))
	for n := 1; n <= l.longest; n++ {
		for i := 0; i+n <= len(words); i++ {
			phrase := strings.Join(words[i:i+n], " ")
			for j := range l.names {
				found[j] = found[j] || l.phrases[j][phrase]
			}
		}
	}
	var names []string
	for j, ok := range found {
		if ok {
			names = append(names, l.names[j])
		}
	}
	return names
}

func (l *lexicon) lookup(phrase string) (string, bool) {
	for j, set := range l.phrases {
		if set[phrase] {
			return l.names[j], true
		}
	}
	return "", false
}
