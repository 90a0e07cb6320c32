// Package provider defines what a music vendor must offer. Each vendor is a
// package below this one; nothing here knows any of them.
//
// A generation asks twice: Submit is the step that costs money and is made
// once, Deliver can be repeated after a crash with the task id that Submit
// returned. The generation stores that id before it calls Deliver, so a worker
// that dies in between never pays again.
package provider

import (
	"context"
	"io"
	"time"
)

// Provider drives one music vendor. Its methods may be called concurrently
// and return promptly with ctx's error once ctx ends.
type Provider interface {
	// Name is the vendor's short stable name, as stored with a generation.
	Name() string
	// Capabilities says what a Request may ask for.
	Capabilities() Capabilities
	// Submit orders a song and returns the vendor's task id (at most 200
	// bytes). It fails with an *Error.
	Submit(ctx context.Context, req Request) (taskID string, err error)
	// Deliver follows a submitted task to its end, reporting progress and
	// writing the audio of each clip to out. It may be called again, in
	// another process, for a task whose earlier delivery was cut short. It
	// fails with an *Error, or with what out returned.
	Deliver(ctx context.Context, taskID string, req Request, out Delivery) (Result, error)
}

// Capabilities of a vendor.
type Capabilities struct {
	MaxDuration  time.Duration // longest song it makes
	Lyrics       bool          // sings given lyrics
	Instrumental bool          // can leave the voice out
	Callbacks    bool          // can call back instead of being polled
}

// Request describes the song that a person asked for. Every field has been
// validated; Seed is always set, so that a repeated delivery can make the
// same song.
type Request struct {
	Prompt       string
	Style        string // free text, "pop" if the person gave none
	Title        string // empty: the provider makes one up
	Lyrics       string
	Instrumental bool
	Duration     time.Duration
	Quality      string // standard, high, premium or enterprise
	Seed         int64
}

// Update is how far a task has come.
type Update struct {
	Stage     string  // machine-readable step, such as "composing" or "rendering"
	Percent   float64 // 0–100 of the vendor's own work
	Estimated bool    // interpolated rather than told by the vendor
}

// Delivery receives what a task produces.
type Delivery interface {
	// Progress reports how far the task is. It never blocks for long and may
	// be called as often as is convenient: the receiver conflates.
	Progress(Update)
	// Clip opens the destination of one clip's audio; index counts from 0.
	// Opening an index again starts that clip anew. The audio counts once
	// Close has returned nil.
	Clip(ctx context.Context, index int, contentType string) (io.WriteCloser, error)
}

// Result describes the delivered song.
type Result struct {
	Title    string
	Clips    []Clip         // by index, as opened on the Delivery
	Metadata map[string]any // open facts worth showing, such as key and tempo
}

// Clip describes one delivered audio file.
type Clip struct {
	Duration time.Duration
	// Peaks is the loudest absolute sample of each of up to 800 equal slices
	// of the clip, scaled to 0–255; nil when the vendor's format is opaque.
	Peaks []byte
}
