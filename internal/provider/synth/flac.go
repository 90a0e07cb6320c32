package synth

import (
	"bufio"
	"io"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
	"github.com/mewkiz/flac/meta"
)

// flacBlock is the number of samples of a FLAC frame; 4096 is what the format
// recommends at 44.1 kHz.
const flacBlock = 4096

// flacWriter encodes 16-bit stereo frame by frame. The mewkiz package writes
// the bit stream; this type chooses how each frame is predicted, because the
// package's own analysis only knows the fixed polynomials with one Rice
// parameter and tries them all by brute force.
type flacWriter struct {
	enc   *flac.Encoder
	buf   *bufio.Writer
	frame frame.Frame
	lpc   lpcAnalyser
	mid   []int32
	side  []int32
}

// newFLAC writes the stream header for total samples per channel. The length
// is known before the first sample, so that a browser can show the duration
// and seek; the checksum of the audio is not, and is left unset as the format
// allows for streams.
func newFLAC(w io.Writer, total int64) (*flacWriter, error) {
	f := &flacWriter{
		// The buffer also hides a Seek or Close that w may have from the encoder.
		buf:  bufio.NewWriterSize(w, 64<<10),
		mid:  make([]int32, flacBlock),
		side: make([]int32, flacBlock),
		lpc:  newLPCAnalyser(flacBlock),
	}
	info := &meta.StreamInfo{
		BlockSizeMin:  flacBlock,
		BlockSizeMax:  flacBlock,
		SampleRate:    sampleRate,
		NChannels:     2,
		BitsPerSample: 16,
		NSamples:      uint64(total),
	}
	enc, err := flac.NewEncoder(f.buf, info)
	if err != nil {
		return nil, f.cause(err)
	}
	enc.EnablePredictionAnalysis(false)
	f.enc = enc
	f.frame = frame.Frame{
		Header: frame.Header{
			HasFixedBlockSize: true,
			SampleRate:        sampleRate,
			BitsPerSample:     16,
		},
		Subframes: []*frame.Subframe{{}, {}},
	}
	return f, nil
}

// write encodes one frame. All frames but the last have flacBlock samples.
func (f *flacWriter) write(left, right []int32) error {
	n := len(left)
	mid, side := f.mid[:n], f.side[:n]
	for i, l := range left {
		r := right[i]
		mid[i] = (l + r) >> 1
		side[i] = l - r
	}
	f.frame.BlockSize = uint16(n)
	a, b := f.frame.Subframes[0], f.frame.Subframes[1]
	a.Samples, b.Samples = left, right
	a.NSamples, b.NSamples = n, n
	// The analysis must see what the encoder will predict, which is the pair
	// after decorrelation.
	if roughCost(mid)+roughCost(side) < roughCost(left)+roughCost(right) {
		f.frame.Channels = frame.ChannelsMidSide
		a.SubHeader = f.lpc.analyse(mid, 16)
		b.SubHeader = f.lpc.analyse(side, 17)
	} else {
		f.frame.Channels = frame.ChannelsLR
		a.SubHeader = f.lpc.analyse(left, 16)
		b.SubHeader = f.lpc.analyse(right, 16)
	}
	return f.cause(f.enc.WriteFrame(&f.frame))
}

// flush hands the last bytes to the underlying writer.
func (f *flacWriter) flush() error { return f.buf.Flush() }

// cause prefers the error of the underlying writer, which the encoder wraps
// out of reach of errors.Is; the buffer keeps the original.
func (f *flacWriter) cause(err error) error {
	if err == nil {
		return nil
	}
	if werr := f.buf.Flush(); werr != nil {
		return werr
	}
	return err
}

// roughCost estimates the bits of a channel by its second difference, enough
// to choose between left/right and mid/side.
func roughCost(x []int32) int64 {
	var sum int64
	for i := 2; i < len(x); i++ {
		d := int64(x[i] - 2*x[i-1] + x[i-2])
		if d < 0 {
			d = -d
		}
		sum += d
	}
	return sum
}
