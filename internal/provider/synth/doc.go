// Package synth is the built-in provider: it composes a tune from the words of
// a request and renders it, without a network and without a key.
//
// # From words to a score
//
// The style, then the prompt, is searched for words that name a genre (words.go)
// and for words of mood. A genre (genre_*.go) is data: tempo, progressions,
// patterns of every player, sounds and their place in the mix. The composer
// plans a form that fills the duration (form.go), gives each section a
// progression (harmony.go), leads the voices of the chords (Tymoczko 2011: the
// nearest voicing wins), and has every player write its part: accompaniment,
// bass, drums, and a tune whose periods repeat, move and vary short motifs
// (motif.go, melody.go; after Schoenberg's Fundamentals of Musical
// Composition). A hand plays late, early, harder and softer (compose.go).
//
// # From the score to sound
//
//	voices ─ strip: amplifier, filters, ducking, chorus, pan ─┬─────────── mix
//	                                                          ├─ echo ─────┤
//	                                                          └─ reverb ───┤
//	  fader rides, gain, DC blocker, colour, limiter, fade, dither ─ FLAC ─┘
//
// The strings are Karplus & Strong's (1983) with the extensions of Jaffe &
// Smith (1983); keys, bells and winds are frequency modulation (Chowning 1973);
// saws are band-limited by PolyBLEP (Välimäki & Huovilainen 2007) behind a
// state-variable filter (Zavalishin 2012, Simper 2013); piano, organ and voices
// are additive tables, their phases spread after Schroeder (1970); drums are
// falling sines, noise and clusters of squares. Amplifiers are antialiased
// through the antiderivative of their curve (Parker, Zavalishin & Le Bivic
// 2016). The room is a feedback delay network (Jot & Chaigne 1991) behind
// all-pass diffusers (Schroeder 1962). Levels are set by measured loudness
// (ITU-R BS.1770-4) as Perez Gonzalez & Reiss (2009) mix automatically.
//
// # Promises
//
// The same request gives the same bytes: all random numbers come from PCG
// streams seeded by the seed, the prompt and the style, and one goroutine
// renders a song. Processors that fuse multiplication and addition (arm64, but
// not amd64) round differently in the last bit and may give other bytes.
//
// A song streams: only the score and the voices that sound are in memory. The
// audio is 44.1 kHz, 16 bits, stereo in every quality; a quality above standard
// gives the pads and leads more oscillators and the reverb more diffusers.
package synth
