package user

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
)

// TestHasherWaitsItsTurn: with all slots taken every kind of work waits, also
// that for a name that nobody has, and gives up with its context.
func TestHasherWaitsItsTurn(t *testing.T) {
	t.Parallel()
	h := newHasher(testCost, 2)
	stored, err := h.hash(t.Context(), "password")
	require.NoError(t, err)
	require.NoError(t, h.slots.Acquire(t.Context(), 2))

	gone, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.hash(gone, "password")
	requireBusy(t, err)
	_, _, err = h.verify(gone, "password", &stored)
	requireBusy(t, err)
	_, _, err = h.verify(gone, "password", nil)
	requireBusy(t, err)

	h.slots.Release(2)
	ok, _, err := h.verify(t.Context(), "password", &stored)
	require.NoError(t, err)
	require.True(t, ok)
	require.True(t, h.slots.TryAcquire(2), "slots were not given back")
}

func requireBusy(t *testing.T, err error) {
	t.Helper()
	require.True(t, apperr.Is(err, CodeAuthBusy), "%v", err)
	require.ErrorIs(t, err, context.Canceled)
}

// TestUnknownNameCostsTheSame: the decoy is checked at the cost of new hashes.
func TestUnknownNameCostsTheSame(t *testing.T) {
	t.Parallel()
	h := newHasher(testCost, 1)
	require.Equal(t, h.cost, h.decoy.cost)
	require.Len(t, h.decoy.salt, saltBytes)
	require.Len(t, h.decoy.key, keyBytes)
	ok, _, err := h.verify(t.Context(), "password", nil)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestCorruptHashIsAnError(t *testing.T) {
	t.Parallel()
	stored := "plain text"
	_, _, err := newHasher(testCost, 1).verify(t.Context(), "plain text", &stored)
	require.ErrorIs(t, err, errPHC)
	require.NotContains(t, err.Error(), stored)
}

func TestCostOutOfRangePanics(t *testing.T) {
	t.Parallel()
	for _, cost := range []PasswordCost{{}, {MemoryKiB: 64, Passes: 1}, {MemoryKiB: 7, Passes: 1, Lanes: 1}, {MemoryKiB: 1 << 30, Passes: 1, Lanes: 1}} {
		require.Panics(t, func() { newHasher(cost, 1) }, "%+v", cost)
	}
}
