package queue

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queries"
)

func horizon(seq, next, oldest int64) queries.QueueHorizonRow {
	return queries.QueueHorizonRow{Seq: seq, NextXid: next, OldestWriter: oldest}
}

// A place is settled once all have ended that had an xid when it was the last
// to be drawn; a later look tells.
func TestPlacesAreSettledByLaterHorizons(t *testing.T) {
	t.Parallel()
	var m marks
	now := time.Now()
	require.Zero(t, m.observe(horizon(10, 100, 90), now))
	require.Zero(t, m.observe(horizon(20, 110, 99), now))
	require.EqualValues(t, 10, m.observe(horizon(30, 120, 100), now))
	require.EqualValues(t, 10, m.observe(horizon(40, 130, 109), now))
	require.EqualValues(t, 30, m.observe(horizon(50, 140, 125), now))
	require.EqualValues(t, 60, m.observe(horizon(60, 150, 150), now), "nobody writes")
	require.False(t, m.stuck(now.Add(time.Hour), 0))
	m.observe(horizon(70, 160, 155), now)
	require.False(t, m.stuck(now.Add(time.Second), time.Second))
	require.True(t, m.stuck(now.Add(time.Second+1), time.Second))
}

// However long writers take, what is remembered is bounded, and what is settled
// follows them.
func TestCandidatesAreBounded(t *testing.T) {
	t.Parallel()
	var m marks
	now := time.Now()
	const behind = 1000 // xids; one a place
	for i := range int64(20_000) {
		safe := m.observe(horizon(i, i+1, i+1-behind), now)
		require.LessOrEqual(t, len(m.candidates), maxCandidates)
		require.LessOrEqual(t, safe, max(0, i-behind))
		require.GreaterOrEqual(t, safe, i-2*behind)
	}
}

func TestMarksOnlyRise(t *testing.T) {
	t.Parallel()
	var m marks
	at := func() map[int16]int64 {
		all := make(map[int16]int64)
		priorities, from := m.arrays()
		require.IsIncreasing(t, append([]int16{-1}, priorities...))
		for i, p := range priorities {
			all[p] = from[i]
		}
		return all
	}
	m.advance([]queries.QueueScoutRow{{Priority: 5, Head: 7}, {Priority: 1}, {Priority: 9, Head: 300}}, 100)
	require.Equal(t, map[int16]int64{1: 101, 5: 7, 9: 101}, at(), "no further than what is settled, nor than the first that waits")
	m.advance([]queries.QueueScoutRow{{Priority: 5, Head: 3}, {Priority: 1, Head: 50}}, 60)
	require.Equal(t, map[int16]int64{1: 101, 5: 7, 9: 101}, at())
	m.load([]queries.QueueLanesRow{{Priority: 1, Mark: 4}, {Priority: 5, Mark: 40}, {Priority: 7, Mark: 2}})
	require.Equal(t, map[int16]int64{1: 101, 5: 40, 7: 2, 9: 101}, at())
	require.True(t, m.knows(7))
	require.False(t, m.knows(8))
}
