package synth

import (
	"context"
	"fmt"
	"io"
	"time"

	"son1k/internal/provider"
)

const contentType = "audio/flac"

// Deliver implements provider.Provider: it composes, balances and renders the
// song, and streams it to out as it is made.
func (p *Provider) Deliver(ctx context.Context, _ string, req provider.Request, out provider.Delivery) (provider.Result, error) {
	if err := check(req); err != nil {
		return provider.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return provider.Result{}, err
	}
	out.Progress(provider.Update{Stage: "composing"})
	b := understand(req)
	score := compose(b)
	prog := newProgress(out, score)
	prog.stage("balancing")
	gain, err := score.balance(ctx, prog)
	if err != nil {
		return provider.Result{}, err
	}
	clip, err := p.record(ctx, score, gain, prog, out)
	if err != nil {
		return provider.Result{}, err
	}
	prog.done()
	return provider.Result{
		Title:    b.title,
		Clips:    []provider.Clip{clip},
		Metadata: b.metadata(req.Seed),
	}, nil
}

// record renders the song into clip 0.
func (p *Provider) record(ctx context.Context, s *score, gain float64, prog *progress, out provider.Delivery) (provider.Clip, error) {
	w, err := out.Clip(ctx, 0, contentType)
	if err != nil {
		return provider.Clip{}, err
	}
	// A clip counts once it is closed, so a failed one is left open.
	peaks, err := p.stream(ctx, s, gain, prog, w)
	if err != nil {
		return provider.Clip{}, err
	}
	if err := w.Close(); err != nil {
		return provider.Clip{}, err
	}
	return provider.Clip{
		Duration: time.Duration(s.form.total) * time.Second / sampleRate,
		Peaks:    peaks,
	}, nil
}

// stream renders and encodes frame by frame.
func (p *Provider) stream(ctx context.Context, s *score, gain float64, prog *progress, w io.Writer) ([]byte, error) {
	enc, err := newFLAC(w, s.form.total)
	if err != nil {
		return nil, fmt.Errorf("synth: start of stream: %w", err)
	}
	prog.stage("rendering")
	r, m, peaks := newRenderer(s, 0), newMaster(s, gain), newPeakMeter(s.form.total)
	pace := newPacer(p.pace)
	var l, rt [flacBlock]float64
	var pcmL, pcmR [flacBlock]int32
	for left := s.form.total; left > 0; {
		n := int(min(left, flacBlock))
		for i := 0; i < n; i += blockSize {
			end := min(i+blockSize, n)
			r.block(l[i:end], rt[i:end])
		}
		m.process(l[:n], rt[:n])
		m.quantise(l[:n], pcmL[:n])
		m.quantise(rt[:n], pcmR[:n])
		peaks.add(pcmL[:n], pcmR[:n])
		if err := enc.write(pcmL[:n], pcmR[:n]); err != nil {
			return nil, fmt.Errorf("synth: write audio: %w", err)
		}
		left -= int64(n)
		prog.advance(int64(n))
		if err := pace.wait(ctx, n); err != nil {
			return nil, err
		}
	}
	if err := enc.flush(); err != nil {
		return nil, fmt.Errorf("synth: write audio: %w", err)
	}
	return peaks.bytes(), nil
}
