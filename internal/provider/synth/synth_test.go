package synth_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mewkiz/flac"
	"github.com/stretchr/testify/require"

	"son1k/internal/provider"
	"son1k/internal/provider/synth"
)

// recorder is a Delivery that keeps what it is given.
type recorder struct {
	mu      sync.Mutex
	updates []provider.Update
	buf     bytes.Buffer
	closed  bool
	fail    error // returned by Write once failAt bytes were written
	failAt  int
	onWrite func()
}

func (r *recorder) Progress(u provider.Update) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.updates = append(r.updates, u)
}

func (r *recorder) Clip(_ context.Context, index int, contentType string) (io.WriteCloser, error) {
	if index != 0 || contentType != "audio/flac" {
		return nil, errors.New("unexpected clip")
	}
	r.buf.Reset()
	return r, nil
}

func (r *recorder) Write(p []byte) (int, error) {
	if r.onWrite != nil {
		r.onWrite()
	}
	if r.fail != nil && r.buf.Len() >= r.failAt {
		return 0, r.fail
	}
	return r.buf.Write(p)
}

func (r *recorder) Close() error {
	r.closed = true
	return nil
}

func request(style string, seconds float64) provider.Request {
	return provider.Request{
		Prompt: "a walk by the sea", Style: style, Seed: 7, Quality: "standard",
		Duration: time.Duration(seconds * float64(time.Second)),
	}
}

// deliver renders a request.
func deliver(t testing.TB, req provider.Request) (*recorder, provider.Result) {
	t.Helper()
	p := synth.New()
	id, err := p.Submit(t.Context(), req)
	require.NoError(t, err)
	rec := &recorder{}
	res, err := p.Deliver(t.Context(), id, req, rec)
	require.NoError(t, err)
	require.True(t, rec.closed)
	return rec, res
}

// decode reads a FLAC stream frame by frame.
func decode(t testing.TB, data []byte) (left, right []float64) {
	t.Helper()
	s, err := flac.New(bytes.NewReader(data))
	require.NoError(t, err)
	require.EqualValues(t, 44100, s.Info.SampleRate)
	for {
		f, err := s.ParseNext()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		for i, v := range f.Subframes[0].Samples {
			left = append(left, float64(v)/32768)
			right = append(right, float64(f.Subframes[1].Samples[i])/32768)
		}
	}
	require.EqualValues(t, s.Info.NSamples, len(left))
	return left, right
}

func TestSameRequestSameBytes(t *testing.T) {
	t.Parallel()
	req := request("rock", 4)
	var songs [2]*recorder
	var results [2]provider.Result
	var wg sync.WaitGroup
	for i := range songs {
		wg.Go(func() {
			rec := &recorder{}
			res, err := synth.New().Deliver(t.Context(), "synth-x", req, rec)
			if err == nil {
				songs[i], results[i] = rec, res
			}
		})
	}
	wg.Wait()
	require.NotNil(t, songs[0])
	require.NotNil(t, songs[1])
	require.True(t, bytes.Equal(songs[0].buf.Bytes(), songs[1].buf.Bytes()))
	require.Empty(t, cmp.Diff(results[0], results[1]))
}

func TestSeedsDiffer(t *testing.T) {
	t.Parallel()
	req := request("pop", 2)
	a, _ := deliver(t, req)
	req.Seed++
	b, _ := deliver(t, req)
	require.False(t, bytes.Equal(a.buf.Bytes(), b.buf.Bytes()))
}

func TestDurations(t *testing.T) {
	t.Parallel()
	for _, seconds := range []float64{0.2, 1, 7.3} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			rec, res := deliver(t, request("classical", seconds))
			left, _ := decode(t, rec.buf.Bytes())
			got := res.Clips[0].Duration.Seconds()
			require.InDelta(t, float64(len(left))/44100, got, 0.001)
			require.LessOrEqual(t, got, max(seconds, 0.5)+0.05)
			require.Greater(t, got, seconds-1)
		})
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	rec, _ := deliver(t, request("jazz", 4))
	last := -1.0
	var stages []string
	for _, u := range rec.updates {
		require.GreaterOrEqual(t, u.Percent, last)
		require.False(t, u.Estimated)
		last = u.Percent
		if len(stages) == 0 || stages[len(stages)-1] != u.Stage {
			stages = append(stages, u.Stage)
		}
	}
	require.InDelta(t, 100, last, 0)
	require.Equal(t, []string{"composing", "balancing", "rendering", "finished"}, stages)
	require.Greater(t, len(rec.updates), 20)
	require.Less(t, len(rec.updates), 4*4*5)
}

func TestCancelWhileRendering(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	rec := &recorder{onWrite: cancel}
	_, err := synth.New().Deliver(ctx, "synth-x", request("metal", 600), rec)
	require.ErrorIs(t, err, context.Canceled)
	require.False(t, rec.closed)
	// At most the buffer that was being written when the end came.
	require.Less(t, rec.buf.Len(), 1<<18)
}

func TestCancelledBeforeStart(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := synth.New()
	_, err := p.Submit(ctx, request("pop", 10))
	require.ErrorIs(t, err, context.Canceled)
	_, err = p.Deliver(ctx, "synth-x", request("pop", 10), &recorder{})
	require.ErrorIs(t, err, context.Canceled)
}

func TestPaceFollowsTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		_, err := synth.New(synth.WithPace(4)).Deliver(t.Context(), "synth-x", request("blues", 4), &recorder{})
		require.NoError(t, err)
		require.InDelta(t, 1, time.Since(start).Seconds(), 0.05)
	})
}

func TestPaceStopsAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		start := time.Now()
		rec := &recorder{}
		_, err := synth.New(synth.WithPace(1)).Deliver(ctx, "synth-x", request("blues", 30), rec)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.InDelta(t, 2, time.Since(start).Seconds(), 0.01)
		require.False(t, rec.closed)
	})
}

func TestWriteErrorComesBack(t *testing.T) {
	t.Parallel()
	for _, after := range []int{0, 200_000} {
		broken := errors.New("disk full")
		rec := &recorder{fail: broken, failAt: after}
		_, err := synth.New().Deliver(t.Context(), "synth-x", request("rock", 6), rec)
		require.ErrorIs(t, err, broken)
		require.False(t, rec.closed)
	}
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	p := synth.New()
	id, err := p.Submit(t.Context(), request("pop", 600))
	require.NoError(t, err)
	require.Regexp(t, `^synth-[0-9a-f]{32}$`, id)
	again, err := synth.New().Submit(t.Context(), request("pop", 600))
	require.NoError(t, err)
	require.Equal(t, id, again)

	for _, seconds := range []float64{601, 0, -3} {
		_, err = p.Submit(t.Context(), request("pop", seconds))
		var perr *provider.Error
		require.ErrorAs(t, err, &perr)
		require.Equal(t, provider.Rejected, perr.Kind)
		require.NotEmpty(t, perr.Suggestion)
		_, err = p.Deliver(t.Context(), "synth-x", request("pop", seconds), &recorder{})
		require.True(t, provider.Permanent(err))
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	p := synth.New()
	require.Equal(t, "synth", p.Name())
	want := provider.Capabilities{MaxDuration: 10 * time.Minute, Instrumental: true}
	require.Empty(t, cmp.Diff(want, p.Capabilities()))
}

func TestPeaksMatchAudio(t *testing.T) {
	t.Parallel()
	rec, res := deliver(t, request("country", 3))
	left, right := decode(t, rec.buf.Bytes())
	peaks := res.Clips[0].Peaks
	require.Len(t, peaks, 800)
	want := make([]float64, len(peaks))
	for i := range left {
		slot := &want[i*len(peaks)/len(left)]
		*slot = max(*slot, math.Abs(left[i]), math.Abs(right[i]))
	}
	for i, w := range want {
		require.InDelta(t, w*255, float64(peaks[i]), 0.51)
	}
}

func TestTitleAndMetadata(t *testing.T) {
	t.Parallel()
	req := request("salsa", 2)
	req.Title = "Mi Canción"
	_, res := deliver(t, req)
	require.Equal(t, "Mi Canción", res.Title)
	require.Len(t, res.Clips, 1)
	require.Equal(t, "salsa", res.Metadata["style"])
	require.Equal(t, "synth", res.Metadata["engine"])
	require.EqualValues(t, 7, res.Metadata["seed"])
	require.EqualValues(t, 44100, res.Metadata["sampleRate"])
	for _, key := range []string{"key", "mode", "tempo", "form"} {
		require.Contains(t, res.Metadata, key)
	}
	req.Title = ""
	_, res = deliver(t, req)
	require.Equal(t, "Walk by the Sea", res.Title)
}

func BenchmarkDeliver60s(b *testing.B) {
	for _, style := range []string{"pop", "metal", "jazz"} {
		b.Run(style, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rec, _ := deliver(b, request(style, 60))
				b.SetBytes(int64(rec.buf.Len()))
			}
		})
	}
}
