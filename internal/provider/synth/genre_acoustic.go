package synth

func classicalGenre() genre {
	return genre{
		name: "classical", tempo: [2]float64{76, 108}, beats: 4, unit: 8, minorChance: 0.4,
		major: tonality{"major",
			[]string{"I | V7 | vi | iii | IV | I | IV | V7", "I | IV | V7 | I", "I | vi | ii | V7", "I | V7 | V7 | I | I | IV | I V7 | I"},
			[]string{"vi | ii | V7 | I | IV | viidim | V7 | I", "IV | V7 | iii | vi | ii | V7 | I | I"},
			[]string{"vi | III7 | vi | II7 | V7 | V7 | I | V7"}},
		minor: tonality{"minor",
			[]string{"i | V7 | i | iv | i | iv | V7 | i", "i | iv | bVII | bIII | bVI | iim7b5 | V7 | i"},
			[]string{"bIII | bVII | iv | V7", "bVI | bIII | iv | i | bVI | iv | V7 | i"},
			[]string{"bVI | bVI | bII | V7"}},
		players: []player{
			{name: "harp", patch: "harp", role: roleArp, low: 53, high: 76, notes: 4, to: 0.85,
				calm: "0_1_2_3_2_1_2_1_", steady: "0_2_1_2_0_2_1_2_", mix: strip{level: -4, pan: 0.35, reverb: 0.4}},
			{name: "piano", patch: "piano", role: roleArp, from: 0.85, low: 50, high: 76, notes: 4,
				steady: "0121032101210321", mix: strip{level: -5, pan: -0.1, reverb: 0.35}},
			{name: "violins", patch: "strings", role: rolePad, from: 0.4, low: 60, high: 79, notes: 3,
				mix: strip{level: -7, pan: -0.35, reverb: 0.45, chorus: 0.5}},
			{name: "cellos", patch: "cello", role: roleBass, low: 36, high: 55,
				calm: "1_______________", steady: "1_______5_______", full: "1___3___5___3___", mix: strip{level: -5, pan: 0.2, reverb: 0.35}},
			{name: "pizzicato", patch: "pizzicato", role: roleChord, from: 0.85, low: 55, high: 76, notes: 3,
				steady: "x...x...x...x...", short: 0.5, mix: strip{level: -9, pan: 0.4, reverb: 0.4}},
			{name: "lead", patch: "violin", role: roleLead, from: 0.5, low: 62, high: 88,
				mix: strip{level: -3, pan: -0.1, reverb: 0.4}},
			{name: "flute", patch: "flute", role: roleReply, low: 69, high: 90,
				mix: strip{level: -3, pan: 0.25, reverb: 0.45}},
			{name: "oboe", patch: "clarinet", role: roleThird, from: 0.85, low: 60, high: 81,
				mix: strip{level: -6, pan: 0.2, reverb: 0.4}},
		},
		tune: melodyStyle{low: 62, high: 86, leaps: 0.25, turn: 0.4,
			verse:   []string{"x_____x_x___x___", "x___x___x_x_x___", "x_x_x_x_x___x___", "x_____x_x_x_x_x_"},
			chorus:  []string{"x_______x___x___", "x___x_x_x_x_x_x_", "x_____x_x_____x_"},
			cadence: []string{"x___x___x_______", "x_x_x___x_______", "x_______x___...."}},
		room: 2.8, roomTone: 0.45, loose: 0.014, ritard: 1, longTail: true, target: -15.5, sustained: true,
	}
}

func waltzGenre() genre {
	g := classicalGenre()
	g.name, g.tempo, g.beats = "waltz", [2]float64{132, 168}, 3
	g.players[0].steady, g.players[0].calm = "0_1_2_3_2_1_", "0___1___2___"
	g.players[1].steady = "0_2_1_2_3_2_"
	g.players[3].calm, g.players[3].steady, g.players[3].full = "1___________", "1_______....|5_______....", "1_______....|5_______...."
	g.players[4].from, g.players[4].steady = 0.5, "....x...x..."
	g.players[4].mix.level = -5
	g.tune.verse = []string{"x_______x___", "x___x___x___", "x_____x_x___", "x_x_x___x___"}
	g.tune.chorus = []string{"x___________", "x_______x_x_", "x___x_x_x_x_"}
	g.tune.cadence = []string{"x_______....", "x___x_______"}
	return g
}

func countryGenre() genre {
	return genre{
		name: "country", tempo: [2]float64{100, 128}, beats: 4, unit: 8, minorChance: 0.08,
		major: tonality{"major",
			[]string{"I | I | IV | I | I | I | V7 | V7", "I | IV | I | V7", "I | IV | V7 | I"},
			[]string{"IV | I | V7 | I", "IV | I | IV | V7 | IV | I | V7 | I"},
			[]string{"vi | IV | I | V7", "IV | IV | I | II7 V7"}},
		minor:  tonality{"minor", []string{"i | bVII | i | V"}, []string{"bVI | bVII | i | V"}, nil},
		kit:    "brush",
		calm:   groove{perc2: "-.x.-.x.-.x.-.x."},
		steady: groove{kick: "x.......x.......", snare: ",,x,,,x,,,x,,,x,", hat: "....x.......x...", fill: fillSnare},
		full:   groove{kick: "x.......x.......", snare: ",,X,,,X,,,X,,,X,", perc2: "x.-.x.-.x.-.x.-.", ride: "x...x...x...x...", fill: fillSnare},
		players: []player{
			{name: "guitar", patch: "steel", role: roleChord, low: 48, high: 69, notes: 5, strum: 0.022,
				calm: "x_______x___x___", steady: "....x_-_....x_-_", full: "..-_x_-_..-_x_-_", mix: strip{level: -4, pan: -0.35, reverb: 0.12}},
			{name: "bass", patch: "upright", role: roleBass, from: 0.3, low: 28, high: 47,
				steady: "1_____..5_____..", full: "1_____..5_____..|1_____..5___3_a_", mix: strip{level: -2}},
			{name: "banjo", patch: "banjo", role: roleArp, from: 0.55, low: 60, high: 81, notes: 4,
				steady: "0.2.1.3.0.2.1.3.", full: "0213021302130213", mix: strip{level: -7, pan: 0.5, reverb: 0.12}},
			{name: "lead", patch: "slide", role: roleLead, from: 0.5, low: 60, high: 81,
				mix: strip{level: -2, reverb: 0.22, echo: 0.12}},
			{name: "fiddle", patch: "violin", role: roleThird, from: 0.85, low: 62, high: 84,
				mix: strip{level: -6, pan: 0.3, reverb: 0.25}},
			{name: "reply", patch: "steel", role: roleReply, from: 0.5, low: 60, high: 79,
				mix: strip{level: -4, pan: 0.35, reverb: 0.15}},
		},
		tune: melodyStyle{low: 60, high: 79, leaps: 0.25, turn: 0.35, chromatic: 0.08,
			verse:   []string{"x_x_x___x_x_x___", "x___x_x_x___x___", "..x_x_x_x_x_x___"},
			chorus:  []string{"x_____x_x___x___", "x___x___x_x_x___"},
			cadence: []string{"x_x_x_______....", "x___x_______...."}},
		room: 1.2, roomTone: 0.5, echo: 0.5, feedback: 0.2, loose: 0.008, swing: 0.03, lift: true, target: -14.8,
	}
}

func folkGenre() genre {
	g := countryGenre()
	g.name, g.tempo, g.minorChance, g.swing = "folk", [2]float64{84, 108}, 0.45, 0
	g.major = tonality{"major", []string{"I | IV | I | V", "I | V | vi | IV", "I | iii | IV | I"}, []string{"IV | I | V | vi", "IV | V | I | I"}, nil}
	g.minor = tonality{"dorian", []string{"i | bVII | i | bVII", "i | bVII | IV | i"}, []string{"bIII | bVII | i | i", "bVI | bVII | i | i"}, nil}
	g.kit = "soft"
	g.steady = groove{kick: "x.......x.......", perc2: "-.x.-.x.-.x.-.x."}
	g.full = groove{kick: "x.....x.x.......", perc: "....x.......x...", perc2: "x.-.x.-.x.-.x.-."}
	g.players[0] = player{name: "guitar", patch: "steel", role: roleArp, low: 48, high: 72, notes: 5,
		steady: "0_2_1_3_2_4_1_3_", full: "0_213_2_0_2143_2", mix: strip{level: -2, pan: -0.25, reverb: 0.15}}
	g.players[2].patch, g.players[2].steady, g.players[2].full = "nylon", "....2___....3___", "0___2___1___3___"
	g.players[3].patch = "flute"
	g.players[3].low, g.players[3].high = 65, 86
	g.tune.low, g.tune.high = 65, 84
	return g
}
