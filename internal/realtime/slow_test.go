package realtime_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/realtime"
)

// One client does not read. It is closed with 4008 and can resume; another on
// the same topic gets everything meanwhile.
func TestSlowClient(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, limits(realtime.Limits{QueueBytes: 32 << 10})), uuid.New()
	slow := r.openRude(t, "?ticket="+s.people.ticket(ana))
	opcode, _ := slow.next(t)
	require.EqualValues(t, 1, opcode, "the welcome")
	fast, _, _ := r.join(t, ana, "")
	const count, size = 240, 1400 // all of it can be replayed
	for n := range int64(count) {
		s.publish(t, ana, "song", make([]byte, size))
		require.Equal(t, n+1, fast.read(t).Seq)
	}
	got := seqsOf(slow.requireCode(t, realtime.CloseSlow))
	require.NotEmpty(t, got)
	require.Less(t, len(got), count, "it has missed some")
	require.Equal(t, upTo(1, int64(len(got))), got)

	_, replayed, welcome := s.serve(t, nil).join(t, ana, fmt.Sprintf("&after=%d", len(got)))
	require.Equal(t, true, welcome.get(t, "recovered"))
	require.Equal(t, upTo(int64(len(got))+1, count), seqsOf(replayed))
}

// A slow client misses progress before it misses anything that matters, and
// gets the latest progress.
func TestProgressIsConflated(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	r, ana := s.serve(t, limits(realtime.Limits{Write: time.Minute})), uuid.New() // a slow machine is no slow client
	slow := r.openRude(t, "?ticket="+s.people.ticket(ana))
	opcode, _ := slow.next(t)
	require.EqualValues(t, 1, opcode, "the welcome")
	fast, _, _ := r.join(t, ana, "")
	const ticks, size = 1500, 2000 // far more than the outbox holds
	for n := range ticks {
		require.NoError(t, s.publisher.Ephemeral(topicOf(ana), "song", "generation:progress", map[string]any{"n": n, "x": make([]byte, size)}))
		if n%10 == 9 {
			for fast.read(t).get(t, "n") != float64(n) { // so that the sender does not conflate them all
			}
		}
	}
	s.publish(t, ana, "generation:complete", 0)
	fast.until(t, "generation:complete")
	count, last := 0, -1.0
	for {
		_, payload := slow.next(t)
		f := decode(t, payload)
		if f.Type == "generation:complete" {
			break
		}
		require.Greater(t, f.get(t, "n"), last)
		last = f.get(t, "n").(float64)
		count++
	}
	require.EqualValues(t, ticks-1, last)
	require.Less(t, count, ticks)
}
