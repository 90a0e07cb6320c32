package presence

import (
	"time"

	"github.com/google/uuid"
)

// Hurry takes the place of the times; call it before Start.
func (t *Tracker) Hurry(beat, silence, linger, retry time.Duration) {
	t.timing = timing{beat: beat, silence: silence, linger: linger, retry: retry}
}

// ID is what the replica is called in the tables.
func (t *Tracker) ID() uuid.UUID { return t.id }

// Unreported is how many counts have yet to be reported, without those whose
// report is under way.
func (t *Tracker) Unreported() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.dirty)
}

// Remembered is how many subjects take up memory here.
func (t *Tracker) Remembered() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.here)
}

const BatchSize = batchSize
