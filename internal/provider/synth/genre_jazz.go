package synth

func jazzGenre() genre {
	return genre{
		name: "jazz", tempo: [2]float64{124, 168}, beats: 4, unit: 8, swing: 0.15, minorChance: 0.35,
		major: tonality{"major",
			[]string{"ii7 | V13 | Imaj7 | vi7", "Imaj7 | vi7 | ii7 | V13", "iii7 | VI7 | ii7 | V13", "Imaj7 | II7 | ii7 V7 | Imaj7"},
			[]string{"IVmaj7 | iv7 bVII7 | Imaj7 | VI7 | ii7 | V13 | Imaj7 | ii7 V7", "ii7 V13 | Imaj7 vi7 | ii7 V13 | Imaj7"},
			[]string{"III7 | III7 | VI7 | VI7 | II7 | II7 | V7 | V7"}},
		minor: tonality{"dorian",
			[]string{"i7 | iim7b5 V7b9 | i7 | V7b9", "iv7 | bVII7 | bIIImaj7 | bVImaj7 | iim7b5 | V7b9 | i6 | i6"},
			[]string{"iv7 | bVII7 | bIIImaj7 | iim7b5 V7b9", "i7 | IV7 | i7 | iim7b5 V7b9"}, nil},
		kit:    "brush",
		calm:   groove{ride: "x.x-x.x-", hat: "..x...x."},
		steady: groove{kick: ",.,.,.,.", ride: "x.x-x.x-", hat: "..x...x.", snare: ".....,.,|...,...,", fill: fillLight},
		full:   groove{kick: ",.,.,.,-", ride: "X.x-X.xx", hat: "..x...x.", snare: "...-.,.,|.,.-...-", fill: fillSnare},
		players: []player{
			{name: "piano", patch: "piano", role: roleChord, from: 0.3, low: 53, high: 71, notes: 4,
				calm: "x_______", steady: "x..x_...|...x_.x.", full: "x_.x_..x|.x_.x_..", short: 0.8,
				mix: strip{level: -5, pan: -0.3, reverb: 0.15}},
			{name: "bass", patch: "upright", role: roleBass, low: 28, high: 50, steady: "walk", calm: "1_______5_______",
				mix: strip{level: -2}},
			{name: "lead", patch: "sax", role: roleLead, from: 0.5, low: 55, high: 79,
				mix: strip{level: -2, pan: 0.1, reverb: 0.25}},
			{name: "vibes", patch: "vibes", role: roleReply, low: 64, high: 84,
				mix: strip{level: -5, pan: 0.35, reverb: 0.3}},
		},
		tune: melodyStyle{low: 57, high: 79, leaps: 0.3, chromatic: 0.25, turn: 0.4, sparse: 0.1,
			verse:   []string{"x_xxxxx_", "..xxxxxx", "xxx_xxx_", "x__xx_x_", ".xxxx_.x"},
			chorus:  []string{"xxxxxxx_", "x__xx_xx", ".xxx_xxx", "x_xxx__x"},
			cadence: []string{"xxx_....", "x_xx____", ".xxx____"}},
		room: 1.4, roomTone: 0.5, loose: 0.01, behind: 0.012, ritard: 0.5, target: -15,
	}
}

func bossaGenre() genre {
	g := jazzGenre()
	g.name, g.tempo, g.swing = "bossa nova", [2]float64{116, 138}, 0
	g.kit = "soft"
	g.calm = groove{perc2: "x-x-x-x-"}
	g.steady = groove{kick: "x..xx..x", perc: "x..x..x.|..x..x..", perc2: "x-x-x-x-", fill: fillNone}
	g.full = groove{kick: "x..xx..x", perc: "x..x..x.|..x..x..", perc2: "x-X-x-X-", hat: "..x...x.", fill: fillLight}
	g.players[0] = player{name: "guitar", patch: "nylon", role: roleChord, low: 52, high: 69, notes: 4,
		calm: "x_______", steady: "x__x_.x_|..x__x_.", full: "x__x_.x_|.xx__x_.", strum: 0.012, short: 0.8,
		mix: strip{level: -2.5, pan: -0.2, reverb: 0.15}}
	g.players[1].steady, g.players[1].calm = "1__15__5", "1___5___"
	g.players[2].patch = "flute"
	g.players[2].low, g.players[2].high = 62, 84
	g.tune.low, g.tune.high, g.tune.chromatic = 62, 82, 0.15
	g.tune.verse = []string{"x__x__x_", "..x__x__", "x_x__xx_"}
	g.tune.chorus = []string{"x__x__xx", "x__xx_x_"}
	return g
}

func funkGenre() genre {
	g := jazzGenre()
	g.name, g.tempo, g.swing, g.lazy, g.kit = "funk", [2]float64{98, 114}, 0, 0.03, "pop"
	g.minorChance, g.ritard = 0.8, 0
	g.minor = tonality{"dorian", []string{"i9 | IV9", "i7 | i7 | IV9 | i7"}, []string{"bIIImaj7 | IV9 | i9 | i9", "iv9 | i9 | IV9 | V7sus"}, nil}
	g.major = tonality{"mixolydian", []string{"I9 | I9 | IV9 | I9"}, []string{"IV9 | IV9 | I9 | V7sus"}, nil}
	g.calm = groove{hat: "x-x-x-x-x-x-x-x-"}
	g.steady = groove{kick: "x.....x...x..x..", snare: "....X..,.,..X..,", hat: "x-x-x-x-x-x-x-o-", fill: fillSnare}
	g.full = groove{kick: "x..x..x...x..x..", snare: "....X..,.,..X.,,", hat: "x-x-x-o-x-x-x-o-", perc: "....x.......x...", perc2: "x-xx-xx-x-xx-xx-", fill: fillToms}
	g.players[0] = player{name: "guitar", patch: "clean", role: roleChord, low: 60, high: 76, notes: 3,
		steady: "m.mxm.xmmxm.m.xm", full: "x.mxm.xmmxmxm.xm", short: 0.5, mix: strip{level: -5, pan: 0.45, reverb: 0.08}}
	g.players[1].patch, g.players[1].steady, g.players[1].calm = "ebass", "1..1..8.1..57.8.|1..1..8...1.7.8a", "1..1..8........."
	g.players[2].patch = "brass"
	g.players[3].patch = "organ"
	g.tune.verse = []string{"x_.x_.x_....x_x_", "..x_x_.xx___....", "x.x.x_......x_x_"}
	g.tune.chorus = []string{"x_.x_.x_x_.x_.x_", "x_x_.xx_....x_x_"}
	g.tune.cadence = []string{"x_.x________....", "x_x_x_......x_.."}
	g.players = append(g.players, player{name: "keys", patch: "epiano", role: roleChord, low: 55, high: 72, notes: 4,
		steady: "x___..x_......x_", calm: "x_______________", mix: strip{level: -6, pan: -0.35, chorus: 0.5, reverb: 0.1}})
	g.target = -14.5
	return g
}
