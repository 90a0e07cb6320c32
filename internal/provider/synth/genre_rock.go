package synth

func rockGenre() genre {
	guitar := player{role: roleChord, patch: "electric", power: true, from: 0.4, low: 40, high: 60, notes: 3,
		calm: "x_______x_______", steady: "xmxmxmxmxmxmxmx_", full: "x_____x_x___x_x_", strum: 0.012, short: 0.98}
	left, right := guitar, guitar
	left.name, left.mix = "guitar left", strip{level: -4.5, pan: -0.75, drive: 14, reverb: 0.08, low: 90}
	right.name, right.mix = "guitar right", strip{level: -4.5, pan: 0.75, drive: 11, reverb: 0.08, low: 90}
	right.from = 0.55
	return genre{
		name: "rock", tempo: [2]float64{116, 142}, beats: 4, unit: 8, minorChance: 0.5,
		major: tonality{"mixolydian",
			[]string{"I | bVII | IV | I", "I | IV | I | V", "I | IV | bVII | IV"},
			[]string{"I | V | bVII | IV", "IV | V | I | bVII", "bVII | IV | I | I"},
			[]string{"vi | IV | V | V", "ii | IV | bVII | V"}},
		minor: tonality{"minor",
			[]string{"i | bVII | bVI | bVII", "i | i | bIII | iv", "i | bVI | bVII | i"},
			[]string{"bVI | bVII | i | bIII", "bIII | bVII | iv | bVI"},
			[]string{"iv | iv | bVI | V", "bVI | bVI | bVII | V"}},
		kit:    "rock",
		calm:   groove{kick: "x.......x.......", hat: "x...x...x...x..."},
		steady: groove{kick: "x.......x.x.....", snare: "....X.......X...", hat: "x.-.x.-.x.-.x.-.", fill: fillSnare},
		full:   groove{kick: "x.x.......x.x...", snare: "....X.......X..,", ride: "X.x.X.x.X.x.X.x.", fill: fillToms},
		players: []player{
			left, right,
			{name: "arpeggio", patch: "clean", role: roleArp, to: 0.55, low: 52, high: 74, notes: 4,
				steady: "0_1_2_3_2_1_3_2_", mix: strip{level: -4, pan: 0.2, reverb: 0.25, chorus: 0.5, echo: 0.1}},
			{name: "bass", patch: "pickbass", role: roleBass, from: 0.3, low: 28, high: 45,
				calm: "1_______1_______", steady: "1.1.1.1.1.1.1.1.", full: "1.1.1.1.1.1.5.8.", mix: strip{level: -4}},
			{name: "organ", patch: "organ", role: rolePad, from: 0.85, low: 55, high: 72, notes: 3,
				mix: strip{level: -12, pan: 0.1, reverb: 0.2, chorus: 0.6}},
			{name: "lead", patch: "leadgtr", role: roleLead, from: 0.5, low: 57, high: 81,
				mix: strip{level: -2.5, drive: 12, reverb: 0.2, echo: 0.2, low: 160}},
		},
		tune: melodyStyle{low: 57, high: 79, leaps: 0.25, turn: 0.3,
			verse:   []string{"x_x_x_x_x___....", "x__x__x_x___x___", "..x_x_x_x_x_x___", "x_x_x___..x_x___"},
			chorus:  []string{"x_____x_x_______", "x___x___x_x_x___", "x_____x_____x___"},
			cadence: []string{"x_x_x_______....", "x__x__x_________", "x_______x___...."}},
		room: 1.1, roomTone: 0.5, echo: 0.75, feedback: 0.3, loose: 0.006, target: -14.4,
	}
}

func punkGenre() genre {
	g := rockGenre()
	g.name, g.tempo, g.minorChance = "punk", [2]float64{164, 188}, 0.25
	g.steady = groove{kick: "x..x..x.x..x..x.", snare: "..X...X...X...X.", hat: "x.x.x.x.x.x.x.x.", fill: fillSnare}
	g.full = groove{kick: "x..xx..xx..xx..x", snare: "..X...X...X...X.", ride: "X.x.X.x.X.x.X.x.", fill: fillToms}
	for i := range 2 {
		g.players[i].steady, g.players[i].full = "x.x.x.x.x.x.x.x.", "x_x_x_x_x_x_x_x_"
		g.players[i].mix.drive += 6
	}
	g.players[4].from = 2 // no organ
	return g
}

func metalGenre() genre {
	guitar := player{role: roleChord, patch: "electric", power: true, from: 0.45, low: 35, high: 52, notes: 3,
		calm: "X_______________", steady: "X_mmX_mmm.mmX_m.|X_mmX_mmX_X_X_m.", full: "X_______X___X_mm", short: 0.97}
	left, right := guitar, guitar
	left.name, left.mix = "guitar left", strip{level: -3, pan: -0.85, drive: 45, reverb: 0.05, low: 75}
	right.name, right.mix = "guitar right", strip{level: -3, pan: 0.85, drive: 40, reverb: 0.05, low: 75}
	return genre{
		name: "metal", tempo: [2]float64{144, 176}, beats: 4, unit: 8, minorChance: 1,
		major: tonality{"phrygian", []string{"i5 | i5 | bII5 | i5"}, []string{"i5 | bVI5 | bVII5 | i5"}, nil},
		minor: tonality{"phrygian",
			[]string{"i5 | i5 | bII5 | i5", "i5 | i5 | bVI5 | bII5", "i5 | bIII5 | bII5 | i5"},
			[]string{"i5 | bVI5 | bIII5 | bVII5", "bVI5 | bVII5 | i5 | i5", "i5 | bVI5 | iv5 | bVII5"},
			[]string{"iv5 | iv5 | bVI5 | bII5", "bVI5 | bVI5 | bII5 | bII5"}},
		kit:    "metal",
		calm:   groove{kick: "x...............", ride: "x...x...x...x...", perc: "........x......."},
		steady: groove{kick: "x.xxx.xxx.xxx.x.", snare: "....X.......X...", hat: "x...x...x...x...", fill: fillToms},
		full:   groove{kick: "xxxxxxxxxxxxxxxx", snare: "....X.......X...", ride: "X...X...X...X...", fill: fillToms},
		players: []player{
			left, right,
			{name: "clean", patch: "clean", role: roleArp, to: 0.45, low: 47, high: 71, notes: 4,
				steady: "0_1_2_3_2_3_1_2_", mix: strip{level: -3, reverb: 0.4, chorus: 0.6, echo: 0.2}},
			{name: "bass", patch: "pickbass", role: roleBass, from: 0.4, low: 23, high: 40,
				steady: "1.1.1.1.1.1.1.1.", full: "1111111111111111", mix: strip{level: -5, drive: 2.5, high: 2500}},
			{name: "choir", patch: "choir", role: rolePad, from: 0.9, low: 52, high: 72, notes: 3,
				mix: strip{level: -13, reverb: 0.5}},
			{name: "lead", patch: "leadgtr", role: roleLead, from: 0.65, low: 60, high: 86,
				mix: strip{level: -4.5, drive: 26, reverb: 0.22, echo: 0.22, low: 200}},
			{name: "twin", patch: "leadgtr", role: roleThird, from: 0.85, low: 57, high: 84,
				mix: strip{level: -5, pan: 0.3, drive: 26, reverb: 0.22, echo: 0.15, low: 200}},
		},
		tune: melodyStyle{low: 62, high: 84, leaps: 0.2, turn: 0.5,
			verse:   []string{"x_x_x_x_x_x_x_x_", "x_xxx_xxx_x_x___", "xxx_xxx_x_x_x___"},
			chorus:  []string{"x_______x___x___", "x_____x_____x___", "x___x_x_x___x_x_"},
			cadence: []string{"x_x_x___________", "xxxxx_______....", "x_______________"}},
		room: 0.9, roomTone: 0.5, echo: 0.75, feedback: 0.3, loose: 0.003, target: -14.2,
	}
}
