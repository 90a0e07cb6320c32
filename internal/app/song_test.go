package app_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mewkiz/flac"
	"github.com/stretchr/testify/require"

	"son1k/internal/app"
	"son1k/internal/generation"
	"son1k/internal/provider"
)

// The whole way: a prompt becomes a song that can be heard, and the browser
// sees true progress on the way.
func TestPromptBecomesSong(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{})
	ana := s.person(t, n, "ana", "FREE")
	ws := n.dial(t, ana, "")

	song := n.create(t, ana, map[string]any{"prompt": "a bolero about the sea", "style": "bolero", "duration": 8, "seed": 7})
	require.Equal(t, song.GenerationID, song.TaskID)
	require.Equal(t, 1, song.Queue.Position)

	frames := ws.until(t, isFinal)
	requireTrueProgress(t, frames)
	require.Equal(t, "pending", frames[0].Data.Status)
	final := frames[len(frames)-1]
	require.Equal(t, "generation:complete", final.Type)
	require.Equal(t, song.GenerationID, final.Data.GenerationID)
	var stages []string
	for _, f := range frames {
		stages = append(stages, f.Data.Stage)
	}
	require.Contains(t, stages, "submitting")
	require.Contains(t, stages, "rendering")

	v := n.get(t, ana, song.GenerationID)
	require.Equal(t, "completed", v.Status)
	require.Equal(t, 100, v.Progress)
	require.InDelta(t, 8, v.Duration, 1)
	require.NotEmpty(t, v.Peaks)
	require.Equal(t, *v.AudioURL, final.Data.AudioURL)
	requireAudio(t, n, ana, v)

	require.Zero(t, s.count(t, "SELECT count(*) FROM queue.job"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM queue.job_completed WHERE key = $1 AND attempt = 1", song.GenerationID.String()))
	require.Empty(t, s.log.errors())
}

// requireAudio fetches the song whole, in part, by link and by token.
func requireAudio(t *testing.T, n *node, p person, v view) {
	t.Helper()
	whole := n.send(t, person{}, http.MethodGet, *v.AudioURL, nil, http.Header{})
	require.Equal(t, http.StatusOK, whole.status)
	require.Equal(t, "audio/flac", whole.header.Get("Content-Type"))
	require.Equal(t, "bytes", whole.header.Get("Accept-Ranges"))
	stream, err := flac.Parse(bytes.NewReader([]byte(whole.body)))
	require.NoError(t, err)
	samples := 0
	for {
		f, err := stream.ParseNext()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		samples += int(f.BlockSize)
	}
	require.InDelta(t, v.Duration, float64(samples)/float64(stream.Info.SampleRate), 0.05)

	sum := sha256.Sum256([]byte(whole.body))
	etag := `"` + hex.EncodeToString(sum[:]) + `"`
	require.Equal(t, etag, whole.header.Get("ETag"))
	path := "/api/generation/" + v.ID.String() + "/audio"
	part := n.send(t, p, http.MethodGet, path, nil, http.Header{"Range": {"bytes=262100-262200"}})
	require.Equal(t, http.StatusPartialContent, part.status, "a range across two chunks")
	require.Equal(t, whole.body[262100:262201], part.body)
	tail := n.send(t, p, http.MethodGet, path, nil, http.Header{"Range": {"bytes=-10"}})
	require.Equal(t, whole.body[len(whole.body)-10:], tail.body)
	beyond := n.send(t, p, http.MethodGet, path, nil, http.Header{"Range": {"bytes=999999999-"}})
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, beyond.status)
	same := n.send(t, p, http.MethodGet, path, nil, http.Header{"If-None-Match": {etag}})
	require.Equal(t, http.StatusNotModified, same.status)
	head := n.send(t, p, http.MethodHead, path, nil, http.Header{})
	require.Equal(t, http.StatusOK, head.status)
	require.Empty(t, head.body)
	down := n.send(t, p, http.MethodGet, path+"?download=1", nil, http.Header{})
	require.Contains(t, down.header.Get("Content-Disposition"), "attachment")
	require.Contains(t, down.header.Get("Content-Disposition"), ".flac")
}

// Jobs of better tiers go first, first come first served within a tier, and
// all of them complete.
func TestTiersGoInOrder(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	started := make(chan int64, 200)
	api := s.boot(t, bootOptions{role: app.Role{API: true}})
	tiers := []string{"FREE", "PRO", "PREMIUM", "ENTERPRISE"}
	people := make([]person, len(tiers))
	for i, tier := range tiers {
		people[i] = s.person(t, api, "person-"+strings.ToLower(tier), tier)
		s.unlimited(t, people[i])
	}
	// Without the turns of those who have waited longest, and without limits.
	s.exec(t, "UPDATE tiers SET max_running = 1000")
	s.exec(t, "INSERT INTO queue.queue (name, fair_every) VALUES ($1, 0)", generation.Queue)
	// Seeds tell the songs apart: tier × 1000 + order of asking.
	want := make([]int64, 0, 100)
	for i := range 100 {
		tier := (i*7 + i/4) % 4
		api.create(t, people[tier], map[string]any{"prompt": "song", "seed": tier*1000 + i})
	}
	for tier := 3; tier >= 0; tier-- {
		for i := range 100 {
			if (i*7+i/4)%4 == tier {
				want = append(want, int64(tier*1000+i))
			}
		}
	}
	s.boot(t, bootOptions{
		role: app.Role{Worker: true}, env: []string{"WORKER_CONCURRENCY=1"},
		provider: &scripted{submit: func(_ context.Context, r provider.Request) (string, error) {
			started <- r.Seed
			return "task", nil
		}},
	})
	var got []int64
	for range want {
		select {
		case seed := <-started:
			got = append(got, seed)
		case <-time.After(patient):
			require.FailNow(t, "the worker stopped starting songs")
		}
	}
	require.Equal(t, want, got)
	require.Eventually(t, func() bool {
		return s.count(t, "SELECT count(*) FROM generations WHERE status = 'completed'") == 100
	}, patient, 50*time.Millisecond)
	require.Empty(t, s.log.errors())
}

// Any replica serves any socket: progress made by a worker for a song asked of
// one replica reaches a browser at another.
func TestProgressReachesAnotherReplica(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	one := s.boot(t, bootOptions{role: app.Role{API: true}})
	two := s.boot(t, bootOptions{role: app.Role{API: true}})
	s.boot(t, bootOptions{role: app.Role{Worker: true}})
	ana := s.person(t, one, "ana", "FREE")
	ws := two.dial(t, ana, "")
	song := one.create(t, ana, map[string]any{"prompt": "rain", "style": "jazz", "duration": 5})
	frames := ws.until(t, isFinal)
	requireTrueProgress(t, frames)
	require.Equal(t, "generation:complete", frames[len(frames)-1].Type)
	requireAudioExists(t, two, ana, two.get(t, ana, song.GenerationID))
}

func requireAudioExists(t *testing.T, n *node, p person, v view) {
	t.Helper()
	r := n.send(t, p, http.MethodGet, "/api/generation/"+v.ID.String()+"/audio", nil, http.Header{})
	require.Equal(t, http.StatusOK, r.status)
	require.NotEmpty(t, r.body)
}

// A client that was away gets exactly what it missed.
func TestSocketResumes(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{provider: &scripted{}})
	ana := s.person(t, n, "ana", "PRO")
	ws := n.dial(t, ana, "")
	n.create(t, ana, map[string]any{"prompt": "one"})
	frames := ws.until(t, isFinal)
	last := frames[len(frames)-1].Seq
	require.NoError(t, ws.Close(1000, ""))

	second := n.create(t, ana, map[string]any{"prompt": "two"})
	n.await(t, ana, second.GenerationID, "completed")
	again := n.dial(t, ana, "&after="+itoa(last-1))
	again.send(t, map[string]any{"type": "subscribe", "topic": "user:" + ana.id.String(), "after": last - 1, "id": 1})
	replay := again.until(t, func(f frame) bool { return f.Type == "ack" })
	var seqs []int64
	for _, f := range replay {
		if f.Seq > 0 {
			seqs = append(seqs, f.Seq)
		}
	}
	require.Equal(t, last, seqs[0])
	for i := range seqs[1:] {
		require.Equal(t, seqs[i]+1, seqs[i+1])
	}
	require.Equal(t, seqs[len(seqs)-1], replay[len(replay)-1].Data.Seq)
}
