package realtime_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
	"son1k/internal/realtime"
)

func withSnapshots(s snapshots) func(*realtime.Config) {
	return func(c *realtime.Config) { c.Snapshots = s }
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	ana, song := uuid.New(), uuid.New()
	r := newSystem(t).serve(t, withSnapshots(func(_ context.Context, user, generation uuid.UUID) (string, any, error) {
		if user != ana || generation != song {
			return "", nil, apperr.New(apperr.NotFound, "GENERATION_NOT_FOUND", "There is none.")
		}
		return "generation:progress", map[string]any{"generationId": generation, "progress": 40}, nil
	}))
	c, _, _ := r.join(t, ana, "")
	for _, data := range []string{fmt.Sprintf("%q", song), fmt.Sprintf(`{"generationId":%q}`, song)} {
		ack := c.ask(t, `{"type":"subscribe:generation","id":5,"data":`+data+`}`)
		require.Equal(t, "ack", ack.Type)
		require.Equal(t, "5", string(ack.ID))
		f := c.read(t)
		require.Equal(t, "generation:progress", f.Type)
		require.Equal(t, topicOf(ana), f.Topic)
		require.Zero(t, f.Seq)
		require.EqualValues(t, 40, f.get(t, "progress"))
		require.Equal(t, "generation:progress", c.ask(t, `{"type":"subscribe:generation","data":`+data+`}`).Type, "no ack without an id")
	}
	c.requireError(t, fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, uuid.New()), "GENERATION_NOT_FOUND")
	require.Equal(t, "ack", c.ask(t, `{"type":"unsubscribe:generation","id":6}`).Type)
	ben, _, _ := r.join(t, uuid.New(), "")
	ben.requireError(t, fmt.Sprintf(`{"type":"subscribe:generation","data":%q}`, song), "GENERATION_NOT_FOUND")
}

// A state that was read before the song was finished must not arrive after the
// news that it is.
func TestSnapshotIsNeverOlderThanAnEvent(t *testing.T) {
	t.Parallel()
	s, ana := newSystem(t), uuid.New()
	reading, finished := make(chan struct{}), make(chan struct{})
	reads := 0
	r := s.serve(t, withSnapshots(func(context.Context, uuid.UUID, uuid.UUID) (string, any, error) {
		if reads++; reads > 1 {
			return "generation:complete", 100, nil
		}
		close(reading)
		<-finished
		return "generation:progress", 40, nil
	}))
	c, _, _ := r.join(t, ana, "")
	c.send(t, fmt.Sprintf(`{"type":"subscribe:generation","id":1,"data":%q}`, uuid.New()))
	<-reading
	s.publish(t, ana, "generation:complete", 100)
	require.EqualValues(t, 1, c.read(t).Seq, "the event does not wait")
	close(finished)
	require.Equal(t, "ack", c.read(t).Type)
	f := c.read(t)
	require.Equal(t, "generation:complete", f.Type)
	require.Zero(t, f.Seq)
}
