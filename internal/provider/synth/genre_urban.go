package synth

func hiphopGenre() genre {
	return genre{
		name: "hip-hop", tempo: [2]float64{84, 96}, beats: 4, unit: 8, lazy: 0.045, minorChance: 0.85,
		major: tonality{"mixolydian", []string{"Imaj7 | IVmaj7", "Imaj9 | vi9 | ii9 | V7sus"}, nil, nil},
		minor: tonality{"dorian",
			[]string{"i9 | iv9", "i7 | i7 | bVImaj7 | v7", "i9 | bVImaj7 | iv9 | v7"},
			[]string{"bVImaj7 | v7 | i9 | i9", "iv9 | v7 | i9 | i9"}, nil},
		kit:    "dusty",
		calm:   groove{hat: "x.-.x.-.x.-.x.-."},
		steady: groove{kick: "x..x......x.....|x..x...x..x.....", snare: "....X.......X...", hat: "x.-.x.-.x.-.x.--", fill: fillNone},
		full: groove{kick: "x..x......x..x..|x..x...x..x...x.", snare: "....X.......X..,", hat: "x-x-x-x-x-x-xoxx",
			perc: "....x.......x...", perc2: "..x..x....x..x..", fill: fillLight},
		players: []player{
			{name: "keys", patch: "epiano", role: roleChord, low: 53, high: 72, notes: 4,
				calm: "x_______________", steady: "x_____..x__.....|x_____....x_x_..", full: "x___..x_..x_....",
				strum: 0.015, mix: strip{level: -4, pan: -0.1, reverb: 0.2, chorus: 0.6, high: 5500}},
			{name: "sample", patch: "nylon", role: roleArp, from: 0.5, low: 60, high: 81, notes: 4,
				steady: "3_2_..1_0_....2_|3_2_..1_0___....", mix: strip{level: -8, pan: 0.4, reverb: 0.3, echo: 0.25, high: 4500}},
			{name: "bass", patch: "sub808", role: roleBass, from: 0.4, low: 26, high: 43,
				calm: "1_______________", steady: "1__1____..5_....|1__1___7..8_....", full: "1__1____..1__5..|1__1___7..8___7.",
				mix: strip{level: -1}},
			{name: "pad", patch: "strings", role: rolePad, from: 0.85, low: 57, high: 76, notes: 3,
				mix: strip{level: -13, reverb: 0.4, high: 4000}},
			{name: "lead", patch: "bell", role: roleLead, from: 0.5, low: 65, high: 86,
				mix: strip{level: -3, pan: 0.1, reverb: 0.35, echo: 0.3}},
		},
		tune: melodyStyle{low: 64, high: 82, leaps: 0.2, sparse: 0.25, turn: 0.2, blue: true,
			verse:   []string{"x__x__x_....x_x_", "..x_x___x__x____", "x_x___x_x_......"},
			chorus:  []string{"x__x__x___x_x___", "x___x__x__x_x___"},
			cadence: []string{"x__x________....", "x_x_x_______...."}},
		room: 1.3, roomTone: 0.35, echo: 0.75, feedback: 0.35, loose: 0.006, behind: 0.012, target: -13.9, crackle: true,
	}
}

func trapGenre() genre {
	g := hiphopGenre()
	g.name, g.tempo, g.lazy, g.crackle = "trap", [2]float64{132, 148}, 0, false
	g.kit = "808"
	g.minor.mode = "minor"
	g.minor.verse = []string{"i | i | bVI | v", "i | bVI | iv | i"}
	g.minor.chorus = []string{"bVI | bVII | i | i", "iv | bVI | i | v"}
	g.steady = groove{kick: "x.....x...x.....|x.........x..x..", snare: "........X.......", hat: "x.x.x.x.x.x.xxxx", fill: fillLight}
	g.full = groove{kick: "x.....x...x..x..|x..x......x...x.", snare: "........X.......", hat: "x.xxx.x.x.x-x-xx|x.x.xxxxx.x.x-x-", perc: "........x.......", perc2: "...x.......x..x.", fill: fillBuild}
	g.players[2].steady, g.players[2].full = "1_____1___1_____|1_________8_5_7_", "1_____1___1__8__|1__1______5___7_"
	g.tune.verse = []string{"x_x_x_x_....x___", "x___x_x_x_x_...."}
	return g
}

func lofiGenre() genre {
	g := hiphopGenre()
	g.name, g.tempo, g.lazy, g.minorChance = "lo-fi", [2]float64{72, 84}, 0.06, 0.4
	g.major = tonality{"major",
		[]string{"Imaj9 | vi9 | ii9 | V13", "IVmaj9 | iii7 | vi9 | Imaj7", "ii9 | V13 | Imaj9 | vi9"},
		[]string{"IVmaj9 | V13 | iii7 | vi9", "IVmaj7 | iv6 | Imaj9 | vi9"}, nil}
	g.steady = groove{kick: "x.....x..x......", snare: "....x.......x...", hat: "x.-.x.-.x.-.x.-."}
	g.full = groove{kick: "x.....x..x..x...", snare: "....x.......x..,", hat: "x.-.x.-.x.-.x.o.", perc2: "-.x.-.x.-.x.-.x."}
	g.players[1].patch = "piano"
	g.players[1].mix.level = -6
	g.players[2].patch = "upright"
	g.players[4].patch = "vibes"
	g.tune.blue, g.tune.sparse = false, 0.35
	g.darkness, g.target = 6500, -14.8
	return g
}

func reggaetonGenre() genre {
	g := trapGenre()
	g.name, g.tempo = "reggaeton", [2]float64{90, 98}
	dembow := groove{kick: "x...x...x...x...", snare: "...x..x....x..x.", hat: "x.-.x.-.x.-.x.-.", fill: fillLight}
	g.calm = groove{snare: "...x..x....x..x."}
	g.steady, g.full = dembow, dembow
	g.full.kick, g.full.perc, g.full.perc2 = "X...X...X...X...", "...x..x....x..x.", "x.x.x.x.x.x.x.x."
	g.minor.verse = []string{"i | bVI | bIII | bVII", "i | iv | bVII | bIII"}
	g.minor.chorus = []string{"bVI | bVII | i | i", "i | bVI | bIII | bVII"}
	g.players[0].patch, g.players[0].steady, g.players[0].full = "pluckSynth", "x..x..x.x..x..x.", "x..x..x.x..x..x."
	g.players[2].steady, g.players[2].full = "1_____1_5_____1_", "1__1__1_5__5__1_"
	g.players[4].patch = "marimba"
	g.tune.verse = []string{"x_x_x_x_x__x__x_", "x__x__x_x_x_x___"}
	return g
}
