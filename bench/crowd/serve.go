package crowd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"time"

	"son1k/bench/line"
	"son1k/bench/score"
)

// Serve answers requests until there are no more.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	debug.SetGCPercent(400)
	l, err := newLoop()
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() { failed <- l.run() }()
	served := make(chan error, 1)
	go func() { served <- line.Serve(ctx, in, out, l.answer) }()
	select {
	case err := <-failed:
		return err
	case err := <-served:
		return err
	}
}

func (l *loop) answer(ctx context.Context, q Request) (Reply, error) {
	switch q.Op {
	case Connect:
		return l.connect(ctx, q)
	case Census:
		return Reply{}, l.census()
	case Expect:
		l.do(func() { l.expect(q) })
		return Reply{}, nil
	case Collect:
		return l.collect(ctx, q)
	}
	return Reply{}, fmt.Errorf("crowd: unknown operation %q", q.Op)
}

func (l *loop) connect(ctx context.Context, q Request) (r Reply, err error) {
	d, err := dialectOf(q.Dialect, q.Topic)
	if err != nil {
		return r, err
	}
	var began int64
	l.do(func() {
		l.dialect, l.plan, l.allIn = d, q, make(chan struct{})
		began = l.now()
		l.dialMore()
	})
	select {
	case <-l.allIn:
	case <-ctx.Done():
		return r, ctx.Err()
	}
	l.do(func() {
		if l.in < q.Count {
			err = fmt.Errorf("crowd: %d of %d joined: %w", l.in, q.Count, l.broken)
			return
		}
		var took []int64
		for _, c := range l.clients {
			took = append(took, c.took)
		}
		slices.Sort(took)
		r = Reply{Seconds: float64(l.lastIn-began) / 1e6, P50: score.At(took, 50), P99: score.At(took, 99)}
	})
	return r, err
}

func (l *loop) census() (err error) {
	l.do(func() {
		if l.gone > 0 {
			err = fmt.Errorf("crowd: %d connections have ended: %w", l.gone, l.broken)
		}
	})
	return err
}

func (l *loop) expect(q Request) {
	l.groups, l.missing, l.twice, l.disordered = q.Groups, 0, 0, 0
	l.complete = make(chan struct{})
	for _, c := range l.clients {
		group := c.index % q.Groups
		c.arrived, c.last = make([]int64, (q.Count-group+q.Groups-1)/q.Groups), -1
		l.missing += len(c.arrived)
	}
}

// collect compares what has come with what was sent.
func (l *loop) collect(ctx context.Context, q Request) (r Reply, err error) {
	select {
	case <-l.complete:
	case <-time.After(time.Duration(q.Patience * float64(time.Second))):
	case <-ctx.Done():
		return r, ctx.Err()
	}
	// What comes twice may come a little later.
	time.Sleep(50 * time.Millisecond)
	l.do(func() { r, err = l.tell(q) })
	return r, err
}

func (l *loop) tell(q Request) (Reply, error) {
	var passed []int64
	arrived := 0
	first := int(float64(len(q.Sent)) * q.Skip)
	for _, c := range l.clients {
		for place, at := range c.arrived {
			n := place*l.groups + c.index%l.groups
			if at == 0 {
				continue
			}
			arrived++
			if n >= first {
				passed = append(passed, max(at-q.Sent[n], 0))
			}
		}
	}
	if len(passed) == 0 {
		return Reply{}, errors.Join(errors.New("crowd: nothing has arrived"), l.broken)
	}
	slices.Sort(passed)
	return Reply{
		P50: score.At(passed, 50), P99: score.At(passed, 99), Arrived: arrived,
		Lost: l.missing, Twice: l.twice, Disordered: l.disordered, Gone: l.gone,
	}, nil
}
