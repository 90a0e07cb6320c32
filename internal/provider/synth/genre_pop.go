package synth

func popGenre() genre {
	return genre{
		name: "pop", tempo: [2]float64{98, 122}, beats: 4, unit: 8, minorChance: 0.3,
		major: tonality{"major",
			[]string{"I | V | vi | IV", "I | vi | IV | V", "vi | IV | I | V", "I | iii | IV | V"},
			[]string{"IV | V | vi | I", "I | V | vi | IV", "IV | I | V | vi"},
			[]string{"ii | vi | IV | V", "vi | iii | IV | V"}},
		minor: tonality{"minor",
			[]string{"i | bVI | bIII | bVII", "i | iv | bVI | bVII"},
			[]string{"bVI | bVII | i | bIII", "bVI | bIII | bVII | i"},
			[]string{"iv | i | bVI | V", "bVI | iv | i | bVII"}},
		kit:    "pop",
		calm:   groove{kick: "x.......x.......", hat: "x...x...x...x..."},
		steady: groove{kick: "x.....x.x.......", snare: "....x.......x...", hat: "x.-.x.-.x.-.x.-.", fill: fillSnare},
		full: groove{kick: "x.....x.x.x.....", snare: "....X.......X...", hat: "x.-.x.-.x.-.x.o.",
			perc: "....x.......x...", perc2: "-,x,-,x,-,x,-,x,", fill: fillToms},
		players: []player{
			{name: "piano", patch: "piano", role: roleChord, low: 55, high: 74, notes: 4,
				calm: "x_______x_______", steady: "x_____x___x_____", full: "x___x_x___x_x___",
				strum: 0.008, mix: strip{level: -4, pan: -0.15, reverb: 0.2, low: 120}},
			{name: "bass", patch: "ebass", role: roleBass, from: 0.4, low: 28, high: 47,
				calm: "1_______________", steady: "1_____1_1_____5_", full: "1_____1_1___5_8_",
				mix: strip{level: -3.5}},
			{name: "guitar", patch: "clean", role: roleArp, from: 0.55, low: 57, high: 79, notes: 4,
				steady: "0_1_2_3_2_1_2_1_", mix: strip{level: -9, pan: 0.5, reverb: 0.2, echo: 0.15, chorus: 0.5}},
			{name: "pad", patch: "pad", role: rolePad, low: 55, high: 76, notes: 4,
				mix: strip{level: -10, reverb: 0.35, chorus: 0.7, duck: true}},
			{name: "lead", patch: "vox", role: roleLead, from: 0.5, low: 60, high: 81,
				mix: strip{level: -2, reverb: 0.28, echo: 0.16}},
			{name: "bells", patch: "bell", role: roleThird, from: 0.85, low: 67, high: 88,
				mix: strip{level: -9, pan: -0.4, reverb: 0.4, echo: 0.2}},
			{name: "reply", patch: "pluckSynth", role: roleReply, from: 0.55, low: 67, high: 88,
				mix: strip{level: -8, pan: 0.35, reverb: 0.3, echo: 0.35}},
		},
		tune: melodyStyle{low: 60, high: 79, leaps: 0.2, turn: 0.25,
			verse:   []string{"x_x_x___x_x_x___", "..x_x_x_x___x___", "x_x_x_x___x_x___", "x___x_x_x_x_x___"},
			chorus:  []string{"x_____x_____x___", "x___x_____x_x___", "x_____x_x_x_x___"},
			cadence: []string{"x_x_x_______....", "x___x_x_________", "x_x_________...."}},
		room: 1.6, roomTone: 0.55, echo: 0.75, feedback: 0.35, loose: 0.005, lift: true, duck: 0.15, target: -14.6,
	}
}

func soulGenre() genre {
	g := popGenre()
	g.name, g.tempo, g.lazy, g.behind = "soul", [2]float64{68, 92}, 0.04, 0.01
	g.major = tonality{"major",
		[]string{"Imaj9 | vi9 | ii9 | V13", "Imaj7 | iii7 | IVmaj7 | V7sus"},
		[]string{"IVmaj9 | iii7 vi7 | ii9 | V13", "IVmaj7 | V13 | iii7 | vi9"}, nil}
	g.minor = tonality{"dorian", []string{"i9 | iv9 | i9 | bVIImaj7"}, []string{"bVImaj7 | bVII7 | i9 | i9"}, nil}
	g.minorChance = 0.4
	g.steady = groove{kick: "x..x......x.....", snare: "....x.......x...", hat: "x-x-x-x-x-x-x-x-", fill: fillSnare}
	g.full = groove{kick: "x..x......x..x..", snare: "....X..,....X..,", hat: "x-x-x-x-x-x-x-o-", perc: "....x.......x...", fill: fillToms}
	g.players[0].patch, g.players[0].steady, g.players[0].full = "epiano", "x_____..x___....", "x_____x_..x_____"
	g.players[0].mix.chorus = 0.5
	g.players[1].steady, g.players[1].full = "1__1____..5_7_8_", "1__1____3_5_7_8_"
	g.players[4].patch = "sax"
	g.players[6].patch = "clean"
	return g
}

func discoGenre() genre {
	g := popGenre()
	g.name, g.tempo, g.minorChance = "disco", [2]float64{112, 122}, 0.6
	g.steady = groove{kick: "x...x...x...x...", snare: "....x.......x...", hat: "x-o-x-o-x-o-x-o-", fill: fillToms}
	g.full = groove{kick: "X...X...X...X...", snare: "....X.......X...", hat: "x-O-x-O-x-O-x-O-", perc: "....x.......x...", perc2: "x.xx.xx.x.xx.xx.", fill: fillToms}
	g.players[1].steady, g.players[1].full = "1.8.1.8.1.8.1.8.", "1.8.1.8.5.8.7.8."
	g.players[2].role, g.players[2].steady = roleChord, "m.mxm.xmm.mxm.x."
	g.players[3].patch = "strings"
	g.players[3].mix.level = -7
	g.players[4].patch = "strings"
	g.players[6].patch = "brass"
	return g
}
