package synth

import "math"

const blockSize = 512 // samples mixed at a time

// renderer plays a score. It holds only the voices that sound, so its memory
// does not grow with the song.
type renderer struct {
	score  *score
	strips []channel
	voices []sounding
	next   int   // first event not yet started
	pos    int64 // sample
	room   *reverb
	echo   *echo
	duck   ducker
	wetL, wetR, send,
	left, right [blockSize]float64
}

type sounding struct {
	voice
	strip int
}

// newRenderer starts at a sample; notes before it are not heard.
func newRenderer(s *score, from int64) *renderer {
	g := s.brief.genre
	r := &renderer{score: s, pos: from}
	r.room = newReverb(g.room, g.roomTone, s.brief.fine)
	if g.echo > 0 {
		r.echo = newEcho(g.echo*60/s.form.tempo, g.feedback)
	}
	r.strips = make([]channel, len(s.tracks))
	for i, t := range s.tracks {
		r.strips[i] = newChannel(t, g.duck)
	}
	for r.next < len(s.events) && s.events[r.next].at < from {
		r.next++
	}
	return r
}

// block renders up to blockSize samples of the unmastered mix, added to
// nothing: the slices are overwritten.
func (r *renderer) block(left, right []float64) {
	n := len(left)
	for i := range r.strips {
		r.strips[i].clear(n)
	}
	clear(r.left[:n])
	clear(r.right[:n])
	clear(r.wetL[:n])
	clear(r.wetR[:n])
	clear(r.send[:n])
	r.sound(n)
	r.start(n)
	duck := r.duck.next(n)
	for i := range r.strips {
		r.strips[i].mix(r, n, duck)
	}
	if r.echo != nil {
		r.echo.process(r.send[:n], r.left[:n], r.right[:n])
	}
	r.room.process(r.wetL[:n], r.wetR[:n], r.left[:n], r.right[:n])
	copy(left, r.left[:n])
	copy(right, r.right[:n])
	r.pos += int64(n)
}

// sound renders the voices that already play.
func (r *renderer) sound(n int) {
	alive := r.voices[:0]
	for _, v := range r.voices {
		ch := &r.strips[v.strip]
		ch.active = true
		if v.render(ch.buf[:n]) {
			alive = append(alive, v)
		}
	}
	clear(r.voices[len(alive):])
	r.voices = alive
}

// start begins the notes that fall into this block.
func (r *renderer) start(n int) {
	events := r.score.events
	for ; r.next < len(events) && events[r.next].at < r.pos+int64(n); r.next++ {
		e := &events[r.next]
		offset := int(e.at - r.pos)
		ch := &r.strips[e.track]
		ch.active = true
		v := ch.strike(e)
		if e.track == r.score.kick {
			r.duck.hit()
		}
		if v.render(ch.buf[offset:n]) {
			r.voices = append(r.voices, sounding{v, e.track})
		}
	}
}

// ducker turns sustained parts down when the kick sounds, the pumping of dance
// music. It works per block, which is short against its release.
type ducker struct{ level float64 }

func (d *ducker) hit() { d.level = 1 }

func (d *ducker) next(n int) float64 {
	now := d.level
	d.level *= math.Exp(-float64(n) / (0.11 * sampleRate))
	return now
}
