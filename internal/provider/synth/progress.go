package synth

import (
	"context"
	"time"

	"son1k/internal/provider"
)

const (
	composedPercent = 2     // composing is over in milliseconds
	reportEvery     = 11025 // samples between reports: a quarter of a second
)

// progress reports the share of samples rendered, excerpts included.
type progress struct {
	out           provider.Delivery
	name          string
	rendered, all int64
	reported      int64
}

func newProgress(out provider.Delivery, s *score) *progress {
	all := s.form.total
	for _, e := range s.excerpts() {
		all += e.to - e.from
	}
	return &progress{out: out, all: all}
}

func (p *progress) stage(name string) {
	p.name = name
	p.report()
}

func (p *progress) advance(n int64) {
	p.rendered += n
	if p.rendered-p.reported >= reportEvery {
		p.report()
	}
}

func (p *progress) report() {
	p.reported = p.rendered
	share := min(float64(p.rendered)/float64(p.all), 1)
	p.out.Progress(provider.Update{Stage: p.name, Percent: composedPercent + (99-composedPercent)*share})
}

func (p *progress) done() {
	p.out.Progress(provider.Update{Stage: "finished", Percent: 100})
}

// pacer holds rendering back to a multiple of real time.
type pacer struct {
	speed float64
	start time.Time
	audio float64 // seconds
}

func newPacer(speed float64) *pacer { return &pacer{speed: speed, start: time.Now()} }

// wait returns when n more samples are due, or with ctx's error.
func (p *pacer) wait(ctx context.Context, n int) error {
	if err := ctx.Err(); err != nil || p.speed == 0 {
		return err
	}
	p.audio += float64(n) / sampleRate
	due := p.start.Add(time.Duration(p.audio / p.speed * float64(time.Second)))
	t := time.NewTimer(time.Until(due))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
