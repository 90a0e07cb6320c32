package synth

import (
	"context"
	"math"
)

// A mix is balanced as an engineer does it: every strip is soloed where it is
// busiest and set against the lead, then the whole is set to its loudness.
// Perez Gonzalez & Reiss (2009) showed that equal loudness with such rules
// makes a sound automatic mix. Only a few seconds are heard, so the cost does
// not grow with the song.

const (
	leadLevel = -23.0 // LUFS of a strip at 0 dB
	soloTime  = 2.0   // seconds that each strip is heard alone
	mixTime   = 3.0   // seconds that each kind of section is heard
	maxShift  = 30.0  // dB a strip may be moved
)

// balance sets the gain of every track and returns the gain of the whole.
func (s *score) balance(ctx context.Context, prog *progress) (float64, error) {
	busiest := s.busiest()
	for i := range s.tracks {
		heard, err := s.solo(ctx, i, busiest[i])
		if err != nil {
			return 0, err
		}
		shift := min(max(leadLevel+s.tracks[i].mix.level-heard, -maxShift), maxShift)
		s.tracks[i].gain = decibels(shift)
	}
	return s.overall(ctx, prog)
}

// busiest finds for each track the event from which soloTime holds the most.
func (s *score) busiest() []int {
	best := make([]int, len(s.tracks))
	weight := make([]float64, len(s.tracks))
	queues := make([][]int, len(s.tracks))
	sums := make([]float64, len(s.tracks))
	for i := range best {
		best[i] = -1
	}
	for i, e := range s.events {
		t := e.track
		queues[t] = append(queues[t], i)
		sums[t] += e.vel
		for s.events[queues[t][0]].at < e.at-samples64(soloTime) {
			sums[t] -= s.events[queues[t][0]].vel
			queues[t] = queues[t][1:]
		}
		if sums[t] > weight[t]+1e-9 {
			best[t], weight[t] = queues[t][0], sums[t]
		}
	}
	return best
}

func samples64(seconds float64) int64 { return int64(seconds * sampleRate) }

// solo is the loudness of one track alone from an event on.
func (s *score) solo(ctx context.Context, t, first int) (float64, error) {
	if first < 0 {
		return leadLevel, nil
	}
	c := newChannel(s.tracks[t], 0)
	meter := newLoudness()
	var voices []voice
	pos := s.events[first].at
	for end := min(pos+samples64(soloTime), s.form.total); pos < end; pos += blockSize {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		clear(c.buf[:])
		alive := voices[:0]
		for _, v := range voices {
			if v.render(c.buf[:]) {
				alive = append(alive, v)
			}
		}
		voices = alive
		for ; first < len(s.events) && s.events[first].at < pos+blockSize; first++ {
			e := &s.events[first]
			if e.track != t {
				continue
			}
			if v := c.strike(e); v.render(c.buf[e.at-pos:]) {
				voices = append(voices, v)
			}
		}
		c.insert(c.buf[:])
		meter.addMono(c.buf[:])
	}
	return meter.integrated(), nil
}

// excerpt is a sample range to listen to, with its weight in the song.
type excerpt struct {
	kind     sectionKind
	from, to int64
	weight   float64
}

// excerpts takes one from the last section of each kind.
func (s *score) excerpts() []excerpt {
	var out []excerpt
	for k := intro; k <= outro; k++ {
		e := excerpt{kind: k}
		for i := range s.form.sections {
			sec := &s.form.sections[i]
			if sec.kind != k {
				continue
			}
			from := int64(s.form.seconds(float64(sec.start*s.form.beats)) * sampleRate)
			e.from = max(from-sampleRate/20, 0)
			e.weight += float64(sec.bars)
		}
		e.to = min(e.from+samples64(mixTime), s.form.total)
		if e.weight > 0.05*float64(s.form.bars) {
			out = append(out, e)
		}
	}
	return out
}

// overall measures the balanced mix and returns the gain to the target. On the
// way it rides the fader: quiet sections come up and loud ones down by a third
// of what they differ, which a listener on small speakers is grateful for.
func (s *score) overall(ctx context.Context, prog *progress) (float64, error) {
	const riding = 0.33
	power, weight := 0.0, 0.0
	excerpts := s.excerpts()
	levels := make([]float64, len(excerpts))
	for i, e := range excerpts {
		level, err := s.hear(ctx, e, prog)
		if err != nil {
			return 0, err
		}
		levels[i] = level
		power += e.weight * math.Pow(10, level/10)
		weight += e.weight
	}
	mean := 10 * math.Log10(power/weight+1e-12)
	power = 0
	var rides [outro + 1]float64
	for i, e := range excerpts {
		ride := min(max(riding*(mean-levels[i]), -3), 4)
		rides[e.kind] = ride
		power += e.weight * math.Pow(10, (levels[i]+ride)/10)
	}
	for i := range s.form.sections {
		sec := &s.form.sections[i]
		sec.ride = decibels(rides[sec.kind])
	}
	return decibels(s.brief.genre.target - 10*math.Log10(power/weight+1e-12)), nil
}

// hear is the loudness of an excerpt of the mix.
func (s *score) hear(ctx context.Context, e excerpt, prog *progress) (float64, error) {
	var left, right [blockSize]float64
	r := newRenderer(s, e.from)
	meter := newLoudness()
	for r.pos < e.to {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		r.block(left[:], right[:])
		meter.add(left[:], right[:])
		prog.advance(blockSize)
	}
	return meter.integrated(), nil
}
