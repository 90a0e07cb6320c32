package synth

func electronicGenre() genre {
	return genre{
		name: "electronic", tempo: [2]float64{122, 130}, beats: 4, unit: 8, minorChance: 0.8,
		major: tonality{"major", []string{"vi | IV | I | V", "I | V | vi | IV"}, []string{"IV | I | V | vi"}, nil},
		minor: tonality{"minor",
			[]string{"i | bVI | bIII | bVII", "i | i | bVI | bVII", "i | v | bVI | iv"},
			[]string{"bVI | bVII | i | bIII", "i | bVI | bIII | bVII"}, []string{"bVI | i | iv | v"}},
		kit:    "electro",
		calm:   groove{kick: "x...x...x...x...", hat: "..-...-...-...-."},
		steady: groove{kick: "X...X...X...X...", perc: "....x.......x...", hat: "--o---o---o---o-", fill: fillBuild},
		full: groove{kick: "X...X...X...X...", snare: "....x.......x...", perc: "....X.......X...", hat: "x-O-x-O-x-O-x-O-",
			perc2: "x.xx.xx.x.xx.xx.", fill: fillBuild},
		players: []player{
			{name: "bass", patch: "synthbass", role: roleBass, from: 0.4, low: 29, high: 46,
				steady: "..1...1...1...1.", full: "..1.1.1...1.1.8.", mix: strip{level: -3, duck: true}},
			{name: "arp", patch: "pluckSynth", role: roleArp, low: 57, high: 84, notes: 4,
				calm: "0.1.2.3.2.1.2.1.", steady: "0.12.30.12.30.23", full: "0123012301230123",
				mix: strip{level: -6, pan: 0.25, reverb: 0.25, echo: 0.35, duck: true}},
			{name: "pad", patch: "pad", role: rolePad, to: 0.85, low: 55, high: 76, notes: 4,
				mix: strip{level: -8, reverb: 0.4, chorus: 0.7, duck: true}},
			{name: "saws", patch: "supersaw", role: roleChord, from: 0.85, low: 57, high: 79, notes: 4,
				steady: "x__x__x___x__x__", full: "x__x__x__x__x_x_", mix: strip{level: -3, reverb: 0.25, chorus: 0.8, duck: true}},
			{name: "lead", patch: "sawlead", role: roleLead, from: 0.55, low: 62, high: 86,
				mix: strip{level: -3, reverb: 0.25, echo: 0.3, duck: true}},
		},
		tune: melodyStyle{low: 62, high: 84, leaps: 0.25, turn: 0.2, sparse: 0.1,
			verse:   []string{"x__x__x___x_....", "x___x__x____x_x_", "..x_x_x___x_x___"},
			chorus:  []string{"x__x__x_x__x__x_", "x__x__x___x_x___", "x_____x__x__x___"},
			cadence: []string{"x__x__x_________", "x__x________...."}},
		room: 1.8, roomTone: 0.6, echo: 0.75, feedback: 0.45, loose: 0.001, duck: 0.6, target: -14.3,
	}
}

func synthwaveGenre() genre {
	g := electronicGenre()
	g.name, g.tempo, g.kit = "synthwave", [2]float64{88, 112}, "gated"
	g.minor.verse = []string{"i | bVI | bIII | bVII", "i | bVII | bVI | bVII"}
	g.calm = groove{hat: "x.x.x.x.x.x.x.x."}
	g.steady = groove{kick: "x.......x.......", snare: "....X.......X...", hat: "x-x-x-x-x-x-x-x-", fill: fillToms}
	g.full = groove{kick: "x.....x.x.......", snare: "....X.......X...", hat: "x-x-x-x-x-x-x-o-", perc: "....x.......x...", fill: fillToms}
	g.players[0].from, g.players[0].steady, g.players[0].full = 0.3, "1111111181111151", "1118111811181158"
	g.players[3].patch, g.players[3].full = "brass", "x_______x_____x_"
	g.players[4].patch = "squarelead"
	g.room, g.duck = 2.2, 0.3
	return g
}

func ambientGenre() genre {
	return genre{
		name: "ambient", tempo: [2]float64{58, 72}, beats: 4, unit: 8, minorChance: 0.4,
		major: tonality{"lydian",
			[]string{"Imaj9 | Imaj9 | II | Imaj9", "Iadd9 | vi7 | IVmaj9 | Iadd9"},
			[]string{"IVmaj9 | Iadd9 | vi7 | Vsus4"}, nil},
		minor: tonality{"dorian",
			[]string{"i9 | i9 | IVadd9 | i9", "i9 | bVIImaj7 | IVadd9 | i9"},
			[]string{"bIIImaj9 | IVadd9 | i9 | i9"}, nil},
		kit:  "soft",
		full: groove{kick: "-...............", perc2: "..........,....."},
		players: []player{
			{name: "pad", patch: "pad", role: rolePad, low: 50, high: 74, notes: 4,
				mix: strip{level: -2, reverb: 0.6, chorus: 0.8}},
			{name: "choir", patch: "choir", role: rolePad, from: 0.55, low: 57, high: 76, notes: 3,
				mix: strip{level: -7, pan: 0.2, reverb: 0.7}},
			{name: "bass", patch: "sinebass", role: roleBass, low: 31, high: 48,
				steady: "1_______________", mix: strip{level: -4}},
			{name: "harp", patch: "harp", role: roleArp, low: 60, high: 84, notes: 4,
				calm: "0_______2_______", steady: "0___2___1___3___", full: "0_1_2_3_1_2_3___",
				mix: strip{level: -5, pan: -0.35, reverb: 0.6, echo: 0.4}},
			{name: "lead", patch: "flute", role: roleLead, from: 0.5, low: 65, high: 86,
				mix: strip{level: -4, pan: 0.15, reverb: 0.6, echo: 0.3}},
		},
		tune: melodyStyle{low: 64, high: 83, leaps: 0.3, sparse: 0.3,
			verse:   []string{"x_______x_______", "x___________x___", "....x_______x___"},
			chorus:  []string{"x_______x___x___", "x___x_______x___"},
			cadence: []string{"x_______________", "x___________...."}},
		room: 4.2, roomTone: 0.45, echo: 1.5, feedback: 0.5, loose: 0.015, longTail: true, target: -15.5, sustained: true,
	}
}
