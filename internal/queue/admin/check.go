package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Constraints of the schema, and how many rows may be asked for at once.
const (
	MaxName        = 100 // characters of the name of a queue, kind or schedule
	MaxKey         = 200
	MaxCron        = 200
	MaxError       = 2000
	MaxPriority    = 32767
	MaxAttempts    = 32767
	MaxConcurrency = 10000 // jobs that one worker process runs at once
	MinRateWindow  = 10 * time.Millisecond
	MaxRateWindow  = day
	MaxAge         = 50 * 365 * day // of what is looked for
	MaxRows        = 10_000         // of a list
	MaxBulk        = 100_000        // jobs of one change
)

const day = 24 * time.Hour

// States lists the states of live jobs, and Outcomes how jobs end.
func States() []string   { return []string{"waiting", "scheduled", "blocked", "parked", "running"} }
func Outcomes() []string { return []string{"completed", "failed", "cancelled"} }

// checks collects what is wrong with an input.
type checks []Field

func (c *checks) that(ok bool, field, format string, args ...any) {
	if !ok {
		*c = append(*c, Field{field, fmt.Sprintf(format, args...)})
	}
}

func (c checks) err() error {
	if len(c) == 0 {
		return nil
	}
	return &InvalidError{Fields: c}
}

// text checks a text that has to be there.
func (c *checks) text(field, s string, longest int) {
	n := utf8.RuneCountInString(s)
	c.that(n > 0, field, "is required")
	c.that(n <= longest, field, "must have at most %d characters", longest)
	c.that(storable(s), field, "must be valid text")
}

// optional checks a text that may be empty.
func (c *checks) optional(field, s string, longest int) {
	if s != "" {
		c.text(field, s, longest)
	}
}

func (c *checks) number(field string, n, low, high int) {
	c.that(n >= low && n <= high, field, "must be a number from %d to %d", low, high)
}

func (c *checks) oneOf(field, s string, allowed []string) {
	c.that(slices.Contains(allowed, s), field, "must be one of %s", strings.Join(allowed, ", "))
}

func (c *checks) age(field string, d time.Duration) {
	c.that(d >= 0 && d <= MaxAge, field, "must be a duration from 0 to %d years", MaxAge/(365*day))
}

func (c *checks) json(field string, data json.RawMessage) {
	c.that(len(data) == 0 || json.Valid(data), field, "must be valid JSON")
}

// storable reports whether Postgres can store s as text.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
