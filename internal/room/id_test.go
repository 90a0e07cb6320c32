package room

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever the clock does and whatever was there before, the next id is later,
// and it is a proper version 7 UUID.
func TestNextIDComesAfter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var last uuid.UUID
		if rapid.Bool().Draw(rt, "foreign") {
			last = uuid.Must(uuid.NewV7())
		}
		start := time.Now()
		for range rapid.IntRange(1, 20).Draw(rt, "n") {
			now := start.Add(time.Duration(rapid.Int64Range(-int64(time.Second), int64(time.Second)).Draw(rt, "step")))
			id := nextID(now, last)
			require.Positive(rt, bytes.Compare(id[:], last[:]), "%s after %s", id, last)
			require.EqualValues(rt, 7, id.Version())
			require.Equal(rt, uuid.RFC4122, id.Variant())
			last = id
		}
	})
	at := time.UnixMilli(1_700_000_000_123).Add(500 * time.Microsecond)
	seconds, nanos := nextID(at, uuid.Nil).Time().UnixTime()
	require.WithinDuration(t, at, time.Unix(seconds, nanos), time.Millisecond)
	require.Equal(t, byte(0x78), nextID(at, uuid.Nil)[6], "half a millisecond")
}
