package synth

func salsaGenre() genre {
	return genre{
		name: "salsa", tempo: [2]float64{176, 200}, beats: 4, unit: 8, minorChance: 0.6,
		major:  tonality{"major", []string{"I | IV | V7 | IV", "I | vi | ii7 | V7"}, []string{"ii7 | V7 | I | VI7"}, nil},
		minor:  tonality{"minor", []string{"i | iv | V7 | i", "i | i | V7 | V7"}, []string{"iv | V7 | i | i", "bVI | V7 | i | i"}, nil},
		kit:    "latin",
		calm:   groove{perc: "x..x..x.|..x.x..."},
		steady: groove{kick: "...x....", snare: "-.xX-.x-", perc: "x..x..x.|..x.x...", perc2: "-.x.-.xx", fill: fillLight},
		full:   groove{kick: "...x..x.", snare: "-.xX-.x-", ride: "X.x.X.xx", perc: "x..x..x.|..x.x...", perc2: "-.x.-.xx", fill: fillToms},
		players: []player{
			{name: "piano", patch: "piano", role: roleArp, low: 55, high: 79, notes: 4,
				calm: "D..D..D.", steady: "D.0D.0D.|0D.0D.0.", short: 0.8, mix: strip{level: -3, pan: -0.25, reverb: 0.15}},
			{name: "bass", patch: "upright", role: roleBass, low: 28, high: 47,
				steady: "...5__8_", calm: "1___5___", mix: strip{level: -1.5}},
			{name: "lead", patch: "trumpet", role: roleLead, from: 0.5, low: 60, high: 82,
				mix: strip{level: -2.5, reverb: 0.25}},
			{name: "trombones", patch: "brass", role: roleThird, from: 0.85, low: 53, high: 74,
				mix: strip{level: -4, pan: 0.25, reverb: 0.25}},
			{name: "reply", patch: "flute", role: roleReply, low: 67, high: 88, mix: strip{level: -5, pan: 0.3, reverb: 0.3}},
		},
		tune: melodyStyle{low: 62, high: 80, leaps: 0.25, turn: 0.3,
			verse:   []string{"x_.xx_x_", ".xx_x_x_", "x__x__x_"},
			chorus:  []string{"x_x_.xx_", "xxx_.xx_", "x__x__xx"},
			cadence: []string{"x__x____", "x_x_...."}},
		room: 1.3, roomTone: 0.5, loose: 0.008, target: -14.8,
	}
}

func cumbiaGenre() genre {
	g := salsaGenre()
	g.name, g.tempo, g.minorChance = "cumbia", [2]float64{88, 102}, 0.75
	g.minor = tonality{"minor", []string{"i | i | V7 | i", "i | bVII | bVI | V7"}, []string{"iv | i | V7 | i"}, nil}
	g.calm = groove{perc2: "x-xxx-xx"}
	g.steady = groove{kick: "x...x...", snare: "..x...x.", perc2: "x.xxx.xx", fill: fillLight}
	g.full = groove{kick: "x...x...", snare: "..x...xx", perc: "x...x...", perc2: "x.xxx.xx", fill: fillToms}
	g.players[0] = player{name: "accordion", patch: "melodica", role: roleChord, low: 57, high: 74, notes: 3, short: 0.6,
		steady: "..x...x.", full: "..xx..xx", mix: strip{level: -6, pan: -0.3, reverb: 0.15}}
	g.players[1].steady = "1_..3_5_"
	g.players[2].patch = "accordion"
	g.tune.verse = []string{"x_xxx_x_", "xxx_x_x_", "x_x_xxx_"}
	g.tune.chorus = []string{"xxxxx_x_", "x_xxx_xx"}
	return g
}

func boleroGenre() genre {
	g := salsaGenre()
	g.name, g.tempo, g.minorChance, g.kit = "bolero", [2]float64{84, 102}, 0.55, "latin"
	g.major = tonality{"major", []string{"Imaj7 | vi7 | ii7 | V7", "I6 | I6 | ii7 | V7"}, []string{"IVmaj7 | iv6 | iii7 VI7 | ii7 V7"}, nil}
	g.minor = tonality{"minor", []string{"i | iv | V7 | i", "i6 | iim7b5 | V7b9 | i6"}, []string{"iv | bVII7 | bIIImaj7 | iim7b5 V7b9"}, nil}
	g.calm = groove{perc2: "x-x-x-x-"}
	g.steady = groove{kick: "......xx", snare: "x.--x.xx", perc2: "xx-xxx-x", fill: fillNone}
	g.full = groove{kick: "......xx", snare: "x.--x.xx", perc: "x..x..x.|..x.x...", perc2: "xx-xxx-x", fill: fillLight}
	g.players[0] = player{name: "guitar", patch: "nylon", role: roleArp, low: 52, high: 72, notes: 4,
		steady: "0_213_21", full: "01213121", mix: strip{level: -2.5, pan: -0.3, reverb: 0.2}}
	g.players[1].steady = "1___5_8_"
	g.players = append(g.players, player{name: "strings", patch: "strings", role: rolePad, from: 0.55, low: 57, high: 76, notes: 3,
		mix: strip{level: -11, reverb: 0.4, chorus: 0.5}})
	g.players[3].patch = "nylon"
	g.tune.verse = []string{"x__xx_x_", "..x_x_x_", "x___x_x_"}
	g.tune.chorus = []string{"x___x__x", "x_x_x___"}
	g.ritard, g.room = 0.8, 1.9
	return g
}

func flamencoGenre() genre {
	g := boleroGenre()
	g.name, g.tempo, g.minorChance = "flamenco", [2]float64{112, 132}, 1
	g.minor = tonality{"phrygian", []string{"iv | bIII | bII | I", "I | bII | I | bII"}, []string{"iv | bIII | bII | I", "bVI | bII | I | I"}, nil}
	g.calm = groove{}
	g.steady = groove{kick: "x..x..x.", perc: "..x...x.", fill: fillLight}
	g.full = groove{kick: "x..x..x.", perc: "x.xxx.xx", snare: "...-..-x", fill: fillLight}
	g.players[0].steady, g.players[0].full = "0.12321.", "01232123"
	g.players[2].patch = "nylon"
	g.players[3].from = 2
	g.tune.verse = []string{"xxxxx_x_", "x_xxxxxx", "xxx_xxx_"}
	g.tune.turn = 0.6
	return g
}
