package synth

const maxPeaks = 800

// peakMeter keeps the loudest sample of each of up to 800 equal slices.
type peakMeter struct {
	total  int64
	pos    int64
	peaks  []int32
	slices int64
}

func newPeakMeter(total int64) *peakMeter {
	n := min(total, maxPeaks)
	return &peakMeter{total: total, slices: n, peaks: make([]int32, n)}
}

func (p *peakMeter) add(left, right []int32) {
	for i, l := range left {
		v := max(l, -l, right[i], -right[i])
		slice := &p.peaks[p.pos*p.slices/p.total]
		*slice = max(*slice, v)
		p.pos++
	}
}

// bytes scales the peaks so that full scale is 255.
func (p *peakMeter) bytes() []byte {
	out := make([]byte, len(p.peaks))
	for i, v := range p.peaks {
		out[i] = byte(min((v*255+16384)/32768, 255))
	}
	return out
}
