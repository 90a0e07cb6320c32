package presence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/presence"
)

// Each member is listed once, up to so many, in the order asked for.
func TestReaderLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	for _, who := range []string{"bob", "ann", "cid"} {
		rs[0].enter(t, "full", who)
		rs[1].enter(t, "full", who)
	}
	rs[1].enter(t, "quiet", "ann")
	places, err := presence.NewReader(w.pool).List(t.Context(), []string{"quiet", "empty", "full"}, 2)
	require.NoError(t, err)
	require.Len(t, places, 3)
	for i, want := range []struct {
		scope string
		total int
		infos string
	}{
		{"quiet", 1, `[{"name":"ann"}]`},
		{"empty", 0, `[]`},
		{"full", 3, `[{"name":"ann"}, {"name":"bob"}]`},
	} {
		require.Equal(t, want.scope, places[i].Scope)
		require.Equal(t, want.total, places[i].Total)
		require.JSONEq(t, want.infos, string(places[i].Infos))
	}
	none, err := presence.NewReader(w.pool).List(t.Context(), nil, 2)
	require.NoError(t, err)
	require.Empty(t, none)
}

// The places of somebody are those of all replicas, without the counting of
// sockets, and no more than a hundred.
func TestReaderWhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rs := w.replicas(t, 2)
	rs[0].enter(t, "b", "ann")
	rs[1].enter(t, "b", "ann")
	rs[1].enter(t, "a", "ann")
	rs[1].enter(t, "c", "bob")
	require.NoError(t, rs[0].Acquire(t.Context(), presence.Limit{Subject: "ann", Max: 5}))
	seats, err := rs[0].Where(t.Context(), "ann")
	require.NoError(t, err)
	require.Len(t, seats, 2)
	require.Equal(t, "a", seats[0].Scope)
	require.Equal(t, "b", seats[1].Scope)

	exec(t, w.pool, `INSERT INTO events.presence (scope, subject, replica_id, n)
		SELECT format('%s', i), 'tourist', $1, 1 FROM generate_series(1, 101) i`, rs[0].ID())
	seats, err = rs[0].Where(t.Context(), "tourist")
	require.NoError(t, err)
	require.Len(t, seats, 100)
	seats, err = rs[0].Where(t.Context(), "nobody")
	require.NoError(t, err)
	require.Empty(t, seats)
}
