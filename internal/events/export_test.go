package events

import (
	"context"
	"time"
)

// SweepEvery takes the place of the sweep interval; call it before Start.
func (f *Feed) SweepEvery(d time.Duration) { f.every = d }

// Receive takes a message as if it had come over the channel.
func (f *Feed) Receive(text string) { f.receive(text) }

// CatchUp does what the feed's goroutine does when it is woken.
func (f *Feed) CatchUp(ctx context.Context, sweep bool) error { return f.catchUp(ctx, sweep) }

const (
	MaxReplayBytes = maxReplayBytes
	MaxData        = maxData
)

// Message is what Publish sends for an event.
func Message(e Event) string { return encode(e) }
