package apperr_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/apperr"
)

// What we do not know is ours to blame, and says nothing about its cause.
func TestUnknownErrorsGiveNothingAway(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("password=hunter2"), io.EOF, context.Canceled, fmt.Errorf("query: %w", io.EOF), errors.Join(io.EOF, io.ErrClosedPipe),
	} {
		e := apperr.From(err)
		require.Equal(t, apperr.Internal, e.Kind)
		require.Equal(t, "INTERNAL_ERROR", e.Code)
		require.NotEmpty(t, e.Message)
		require.NotContains(t, e.Message, err.Error())
		require.Empty(t, e.Fields)
		require.ErrorIs(t, e, err, "the cause is there for the log")
		require.Contains(t, e.Error(), err.Error())
	}
}

func TestFromNil(t *testing.T) {
	t.Parallel()
	require.Nil(t, apperr.From(nil))
	require.False(t, apperr.Is(nil, ""))
}

// However deep it is wrapped, a known error stays itself.
func TestFromFindsTheError(t *testing.T) {
	t.Parallel()
	e := apperr.New(apperr.NotFound, "SONG_NOT_FOUND", "There is no such song.")
	for _, err := range []error{e, fmt.Errorf("read: %w", e), errors.Join(io.EOF, fmt.Errorf("x: %w", e))} {
		require.Same(t, e, apperr.From(err))
		require.True(t, apperr.Is(err, "SONG_NOT_FOUND"))
		require.False(t, apperr.Is(err, "SONG"))
	}
	require.Equal(t, "SONG_NOT_FOUND: There is no such song.", e.Error())
	require.NoError(t, e.Unwrap())
	require.False(t, apperr.Is(io.EOF, "INTERNAL_ERROR"), "an unknown error has no code of its own")
}

// Who wraps an error decides what is shown, also over an error that could be.
func TestWrap(t *testing.T) {
	t.Parallel()
	inner := apperr.Wrap(io.EOF, apperr.Conflict, "INNER", "Inner.")
	outer := apperr.Wrap(inner, apperr.Unavailable, "OUTER", "Outer.")
	outer.RetryAfter = time.Second
	require.Same(t, outer, apperr.From(fmt.Errorf("x: %w", outer)))
	require.ErrorIs(t, outer, io.EOF)
	require.True(t, apperr.Is(outer, "OUTER"))
	require.False(t, apperr.Is(outer, "INNER"), "only the outermost speaks")
	require.Equal(t, "OUTER: Outer.: INNER: Inner.: EOF", outer.Error())
}

func TestInvalidFields(t *testing.T) {
	t.Parallel()
	fields := []apperr.Field{{Field: "prompt", Message: "Too long."}, {Field: "duration", Message: "Too short."}}
	e := apperr.InvalidFields(fields...)
	require.Equal(t, apperr.Invalid, e.Kind)
	require.Equal(t, "VALIDATION_ERROR", e.Code)
	require.Equal(t, fields, e.Fields)
}
