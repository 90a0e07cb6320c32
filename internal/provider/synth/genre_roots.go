package synth

func bluesGenre() genre {
	const slow = "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7"
	const plain = "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7"
	const minor = "i7 | i7 | i7 | i7 | iv7 | iv7 | i7 | i7 | bVI7 | V7 | i7 | V7"
	return genre{
		name: "blues", tempo: [2]float64{82, 112}, beats: 4, unit: 12, swing: 0.165, minorChance: 0.2,
		major:  tonality{"mixolydian", []string{slow, plain}, []string{plain, slow}, []string{slow}},
		minor:  tonality{"minor", []string{minor}, nil, nil},
		kit:    "rock",
		calm:   groove{hat: "x.x.x.x.", kick: "x...x..."},
		steady: groove{kick: "x...x..x", snare: "..X...X.", hat: "x-x-x-x-", fill: fillSnare},
		full:   groove{kick: "x..xx..x", snare: "..X...X,", ride: "X-x-X-x-", fill: fillToms},
		players: []player{
			{name: "bass", patch: "ebass", role: roleBass, low: 28, high: 48,
				calm: "1_1_5_5_", steady: "1_3_5_6_|7_6_5_3_", full: "11335566|77665533", mix: strip{level: -2.5}},
			{name: "rhythm", patch: "clean", role: roleArp, from: 0.3, low: 45, high: 60, notes: 3,
				calm: "0_0_0_0_", steady: "SSTTSSTT", full: "SSTTUUTT", mix: strip{level: -6, pan: -0.5, drive: 2.2, reverb: 0.1, high: 4000}},
			{name: "organ", patch: "organ", role: rolePad, from: 0.55, low: 57, high: 72, notes: 3,
				mix: strip{level: -12, pan: 0.35, reverb: 0.2, chorus: 0.8}},
			{name: "piano", patch: "piano", role: roleReply, low: 64, high: 84,
				mix: strip{level: -5, pan: 0.4, reverb: 0.15}},
			{name: "lead", patch: "bluesgtr", role: roleLead, from: 0.5, low: 55, high: 79,
				mix: strip{level: -2, drive: 5, reverb: 0.22, echo: 0.1}},
		},
		tune: melodyStyle{low: 57, high: 79, leaps: 0.25, blue: true, turn: 0.45, sparse: 0.15,
			verse:   []string{".xxxx___", "x_xxx___", "..xxxxx_", "x__xx___"},
			chorus:  []string{"xxxxx___", ".xxxxxx_", "x_xxxxx_"},
			cadence: []string{"xxx_____", "x_x_....", ".xx_____"}},
		room: 1.2, roomTone: 0.45, echo: 0.66, feedback: 0.25, loose: 0.01, behind: 0.012, ritard: 0.6, target: -13.5,
	}
}

func reggaeGenre() genre {
	return genre{
		name: "reggae", tempo: [2]float64{70, 82}, beats: 4, unit: 8, lazy: 0.03, minorChance: 0.4,
		major:  tonality{"major", []string{"I | IV", "I | V | IV | IV", "I | ii | IV | I"}, []string{"IV | V | I | vi", "I | V | vi | IV"}, nil},
		minor:  tonality{"dorian", []string{"i | bVII", "i | iv", "i | bVII | bVI | bVII"}, []string{"bVI | bVII | i | i", "iv | i | bVII | i"}, nil},
		kit:    "reggae",
		calm:   groove{hat: "..x...x...x...x."},
		steady: groove{kick: "........X.......", snare: "........x.......", hat: "x.X.-.X.x.X.-.X.", fill: fillLight},
		full: groove{kick: "........X.......|........X.....x.", snare: "........X..,..,.", hat: "x-X-x-X-x-X-x-Xo",
			perc2: "..x..x....x..x..", fill: fillToms},
		players: []player{
			{name: "skank", patch: "clean", role: roleChord, low: 57, high: 74, notes: 3, strum: 0.006, short: 0.55,
				steady: "..x...x...x...x.", full: "..x...xx..x...xx", mix: strip{level: -3, pan: 0.4, reverb: 0.15, echo: 0.12, low: 250}},
			{name: "bubble", patch: "organ", role: roleChord, from: 0.4, low: 53, high: 69, notes: 3, short: 0.5,
				steady: ".x-x.x-x.x-x.x-x", mix: strip{level: -9, pan: -0.4, reverb: 0.1, chorus: 0.6}},
			{name: "bass", patch: "dubbass", role: roleBass, low: 26, high: 45,
				calm: "1___..1_5___....", steady: "1___..1_3_5_..5_|1___..8_5_3_....", full: "1__1..3_5__5..3_|1___1.8_7_5_3_..",
				mix: strip{level: 0.5}},
			{name: "lead", patch: "melodica", role: roleLead, from: 0.5, low: 60, high: 81,
				mix: strip{level: -2.5, pan: -0.1, reverb: 0.25, echo: 0.35}},
			{name: "horns", patch: "brass", role: roleReply, from: 0.85, low: 58, high: 77,
				mix: strip{level: -4, pan: 0.2, reverb: 0.25, echo: 0.25}},
		},
		tune: melodyStyle{low: 60, high: 79, leaps: 0.2, sparse: 0.2, turn: 0.25,
			verse:   []string{"..x_x_x_x___....", "x__x__x_....x_x_", "..x_x___x_x_x___"},
			chorus:  []string{"x__x__x_x___x___", "x___x_x_x_x_x___"},
			cadence: []string{"x_x_x_______....", "..x_x_______...."}},
		room: 1.5, roomTone: 0.4, echo: 0.75, feedback: 0.45, loose: 0.007, behind: 0.012, target: -14.1,
	}
}
