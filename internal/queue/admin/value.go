package admin

import (
	"math"
	"strconv"
	"time"
)

// Span is a duration that is a number of seconds in JSON.
type Span time.Duration

// MarshalJSON writes seconds, to the millisecond.
func (s Span) MarshalJSON() ([]byte, error) {
	seconds := time.Duration(s).Round(time.Millisecond).Seconds()
	return strconv.AppendFloat(nil, seconds, 'f', -1, 64), nil
}

// The queries have a value of each type that stands for null, because the code
// generated for them cannot tell which columns of a view may be null: an empty
// text, NaN, zero, and the zero time.

func orNil[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	utc := t.UTC()
	return &utc
}

// spanOrNil is so many seconds. A clock that was read earlier can make them
// negative.
func spanOrNil(seconds float64) *Span {
	if math.IsNaN(seconds) {
		return nil
	}
	s := spanOf(seconds)
	return &s
}

func spanOf(seconds float64) Span {
	const longest = float64(math.MaxInt64) / float64(time.Second) / 2
	return Span(min(max(seconds, 0), longest) * float64(time.Second))
}

func floatOrNil(f float64) *float64 {
	if math.IsNaN(f) {
		return nil
	}
	return &f
}

// mapped is f of each row; never nil, so that it is [] in JSON.
func mapped[R, T any](rows []R, f func(R) T) []T {
	out := make([]T, len(rows))
	for i, r := range rows {
		out[i] = f(r)
	}
	return out
}
