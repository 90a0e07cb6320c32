package user_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUpkeep(t *testing.T) {
	t.Parallel()
	f := setup(t)
	s := f.register(t, "ada")
	// More than a batch of each.
	f.exec(t, `INSERT INTO sessions (user_id, family_hash, token_hash, expires_at)
		SELECT $1, int4send(n), int4send(n), now() - n * interval '1 ms' FROM generate_series(1, 2500) n`, s.User.ID)
	f.exec(t, `INSERT INTO tickets (user_id, token_hash, expires_at)
		SELECT $1, int4send(n), now() + CASE WHEN n > 1 THEN interval '-1 s' ELSE interval '30 s' END
		FROM generate_series(1, 2500) n`, s.User.ID)
	require.NoError(t, f.Upkeep(t.Context()))
	require.Equal(t, 1, f.count(t, "sessions"))
	require.Equal(t, 1, f.count(t, "tickets"))
	f.refresh(t, s.RefreshToken)
	require.NoError(t, f.Upkeep(t.Context()))
}
