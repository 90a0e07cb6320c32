package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestIsTerminal(t *testing.T) {
	t.Parallel()
	for _, name := range []string{os.DevNull, filepath.Join(t.TempDir(), "file")} {
		f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
		require.NoError(t, err)
		require.False(t, isTerminal(f), name)
		require.NoError(t, f.Close())
		require.False(t, isTerminal(f), "closed")
	}
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.False(t, isTerminal(r))
	require.NoError(t, r.Close())
	require.NoError(t, w.Close())
}

// Somebody who interrupts instead of answering is not waited for.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	r, w := io.Pipe()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := input{r, true}.line(ctx)
	require.ErrorContains(t, err, "interrupted")
	require.NoError(t, w.Close())

	r, w = io.Pipe()
	require.NoError(t, w.CloseWithError(io.ErrUnexpectedEOF))
	_, err = input{r, true}.line(t.Context())
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}
