package synth

// The pieces of a drum kit, as the pitches of drum events.
const (
	hatClosed = iota
	hatOpen
	tomLow
	tomMid
	tomHigh
	plain
)

// kitPieces are the strips of a kit in the order of the tracks.
func kitPieces() []string {
	return []string{"kick", "snare", "hat", "ride", "crash", "toms", "perc", "perc2"}
}

// kitSounds returns the sounds of one strip of a kit.
func kitSounds(kit, piece string) map[int]sound {
	switch piece {
	case "kick":
		return map[int]sound{plain: kickOf(kit)}
	case "snare":
		return map[int]sound{plain: snareOf(kit)}
	case "hat":
		return hatsOf(kit)
	case "ride":
		return map[int]sound{plain: drum{noise: 0.35, metal: 0.8, pitch: 410, hiss: 1.1, low: 4200, high: 11000}}
	case "crash":
		return map[int]sound{plain: drum{noise: 1, metal: 0.5, pitch: 330, hiss: 2.6, low: 2600, high: 12000, attack: 0.003}}
	case "toms":
		return tomsOf(kit)
	case "perc":
		return map[int]sound{plain: percOf(kit)}
	default:
		return map[int]sound{plain: shakerOf(kit)}
	}
}

func kickOf(kit string) drum {
	switch kit {
	case "808", "dusty":
		return drum{from: 150, to: 47, fall: 0.14, ring: 0.6, body: 1, click: 0.25, saturation: 1.8}
	case "electro":
		return drum{from: 300, to: 50, fall: 0.12, ring: 0.36, body: 1, click: 0.4, saturation: 2.4}
	case "metal":
		return drum{from: 220, to: 58, fall: 0.06, ring: 0.22, body: 0.9, click: 1.1, saturation: 2}
	case "brush", "soft", "latin":
		return drum{from: 110, to: 56, fall: 0.1, ring: 0.3, body: 1, click: 0.08}
	default:
		return drum{from: 180, to: 54, fall: 0.09, ring: 0.32, body: 1, click: 0.45, saturation: 1.6}
	}
}

func snareOf(kit string) drum {
	switch kit {
	case "808", "electro":
		return drum{from: 240, to: 190, fall: 0.05, ring: 0.16, body: 0.5, mode: 1.6, noise: 1, hiss: 0.24, low: 900, high: 9500, click: 0.2}
	case "gated":
		return drum{from: 230, to: 180, fall: 0.08, ring: 0.25, body: 0.7, mode: 1.5, noise: 1, hiss: 0.5, low: 700, high: 9000, click: 0.3}
	case "brush":
		return drum{from: 210, to: 190, fall: 0.05, ring: 0.1, body: 0.25, noise: 0.8, hiss: 0.26, low: 1200, high: 7500, attack: 0.008}
	case "reggae":
		return drum{from: 900, to: 820, fall: 0.02, ring: 0.07, body: 0.8, mode: 1.9, noise: 0.35, hiss: 0.07, low: 1500, high: 7000, click: 0.6}
	case "latin":
		return drum{from: 390, to: 340, fall: 0.04, ring: 0.2, body: 0.9, mode: 1.5, noise: 0.2, hiss: 0.05, low: 1500, high: 7000, click: 0.3}
	case "dusty":
		return drum{from: 220, to: 175, fall: 0.06, ring: 0.16, body: 0.7, mode: 1.6, noise: 0.9, hiss: 0.2, low: 700, high: 6000, click: 0.3}
	case "metal":
		return drum{from: 250, to: 195, fall: 0.05, ring: 0.18, body: 0.9, mode: 1.7, noise: 0.9, hiss: 0.22, low: 1000, high: 9500, click: 0.7, saturation: 1.6}
	default:
		return drum{from: 230, to: 185, fall: 0.05, ring: 0.18, body: 0.7, mode: 1.7, noise: 0.9, hiss: 0.26, low: 900, high: 9000, click: 0.4}
	}
}

func hatsOf(kit string) map[int]sound {
	closed := drum{noise: 0.5, metal: 0.7, pitch: 540, hiss: 0.06, low: 7000, high: 13000}
	switch kit {
	case "dusty":
		closed.high, closed.low = 9000, 5500
	case "brush", "soft":
		closed.metal, closed.hiss = 0.4, 0.05
	}
	open := closed
	open.hiss = 0.4
	return map[int]sound{hatClosed: closed, hatOpen: open}
}

func tomsOf(kit string) map[int]sound {
	tom := func(hz float64) drum {
		d := drum{from: hz * 1.5, to: hz, fall: 0.12, ring: 0.45, body: 1, mode: 1.5, noise: 0.12, hiss: 0.08, low: 400, high: 5000, click: 0.3}
		if kit == "latin" || kit == "reggae" {
			d.from, d.to, d.ring = hz*3.1, hz*2.6, 0.25 // timbales
		}
		return d
	}
	return map[int]sound{tomLow: tom(82), tomMid: tom(116), tomHigh: tom(158)}
}

// percOf is the clap of electric kits and the clave or rim of the others.
func percOf(kit string) drum {
	switch kit {
	case "latin", "soft", "reggae":
		return drum{from: 2500, to: 2480, fall: 0.02, ring: 0.06, body: 1, click: 0.2}
	case "metal", "rock":
		return drum{from: 800, to: 540, fall: 0.03, ring: 0.1, body: 0.6, mode: 1.48, click: 0.5}
	default:
		return drum{noise: 1, hiss: 0.18, low: 900, high: 6500, claps: 3}
	}
}

func shakerOf(kit string) drum {
	if kit == "latin" {
		return drum{noise: 1, hiss: 0.09, low: 3500, high: 9000, attack: 0.004} // güiro and maracas
	}
	return drum{noise: 1, hiss: 0.06, low: 5000, high: 12000, attack: 0.012}
}

// kitMix places the pieces as seen from the audience.
func kitMix(kit, piece string) strip {
	room := 0.12
	if kit == "gated" {
		room = 0.3
	}
	soft := 0.0
	if kit == "brush" || kit == "soft" || kit == "latin" {
		soft = -3
	}
	switch piece {
	case "kick":
		return strip{level: -1.5 + soft, low: 28}
	case "snare":
		return strip{level: -2 + soft, pan: 0.05, reverb: room + 0.05, low: 110}
	case "hat":
		return strip{level: -11, pan: 0.3, reverb: 0.03}
	case "ride":
		return strip{level: -10.5 - soft/2, pan: -0.35, reverb: 0.06}
	case "crash":
		return strip{level: -9 + soft, pan: -0.25, reverb: 0.15}
	case "toms":
		return strip{level: -2.5 + soft, pan: 0.15, reverb: room, low: 60}
	case "perc":
		return strip{level: -8, pan: -0.2, reverb: room + 0.05}
	default:
		return strip{level: -12.5, pan: -0.45, reverb: 0.08}
	}
}
