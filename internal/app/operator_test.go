package app_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/provider"
	"son1k/internal/queue"
)

// Somebody with psql cancels a song's job while the queue is paused: its owner
// is told, once, and gets the quota back.
func TestOperatorCancelsASong(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	n := s.boot(t, bootOptions{})
	ana := s.person(t, n, "ana", "FREE")
	ws := n.dial(t, ana, "")
	s.exec(t, "SELECT queue.pause('generation')")
	song := n.create(t, ana, map[string]any{"prompt": "rain"})
	s.exec(t, "SELECT queue.cancel(id) FROM queue.jobs WHERE key = $1", song.GenerationID.String())
	require.Equal(t, "cancelled", n.await(t, ana, song.GenerationID, "cancelled").Status)
	frames := ws.until(t, func(f frame) bool { return f.Type == "generation:cancelled" })
	require.Equal(t, song.GenerationID, frames[len(frames)-1].Data.GenerationID)
	require.Zero(t, s.count(t, "SELECT sum(used)::int FROM quota_usage"))
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM queue.history WHERE outcome = 'cancelled' AND key = $1", song.GenerationID.String()))
}

// The vendor was down; when it is back somebody brings the failed job back. The
// song is made, and its owner pays nothing for it.
func TestOperatorBringsAFailedSongBack(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	var up atomic.Bool
	n := s.boot(t, bootOptions{provider: &scripted{submit: func(context.Context, provider.Request) (string, error) {
		if !up.Load() {
			return "", queue.Permanent(errors.New("down"))
		}
		return "task", nil
	}}})
	ana := s.person(t, n, "ana", "FREE")
	song := n.create(t, ana, map[string]any{"prompt": "rain"})
	n.await(t, ana, song.GenerationID, "failed")
	up.Store(true)
	require.Equal(t, 1, s.count(t, "SELECT count(*) FROM queue.redrive('generation', error_like => '%down%')"))
	v := n.await(t, ana, song.GenerationID, "completed")
	require.Nil(t, v.Error)
	require.NotNil(t, v.AudioURL)
	require.Zero(t, s.count(t, "SELECT sum(used)::int FROM quota_usage"))
	require.Equal(t, 1, s.count(t, "SELECT redriven FROM queue.history WHERE outcome = 'completed' AND key = $1", song.GenerationID.String()))
}
