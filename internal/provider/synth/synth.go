package synth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"son1k/internal/provider"
)

// MaxDuration is the longest song the provider makes.
const MaxDuration = 600 * time.Second

const name = "synth"

// Provider composes and renders songs in this process.
type Provider struct {
	pace float64
}

var _ provider.Provider = (*Provider)(nil)

// Option changes how a Provider works.
type Option func(*Provider)

// WithPace renders at most speed seconds of audio per second, so that a person
// can watch the progress move. Zero, the default, is as fast as possible.
func WithPace(speed float64) Option {
	return func(p *Provider) { p.pace = max(speed, 0) }
}

// New returns the built-in provider.
func New(options ...Option) *Provider {
	p := &Provider{}
	for _, o := range options {
		o(p)
	}
	return p
}

// Name implements provider.Provider.
func (p *Provider) Name() string { return name }

// Capabilities implements provider.Provider. Nobody sings words:
// unless Instrumental is set, some styles give the tune or a chord to voices
// that sing a vowel.
func (p *Provider) Capabilities() provider.Capabilities {
	return provider.Capabilities{MaxDuration: MaxDuration, Instrumental: true}
}

// Submit implements provider.Provider. Nothing is kept: the id names the
// request, and Deliver makes the song from the request alone.
func (p *Provider) Submit(ctx context.Context, req provider.Request) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if err := check(req); err != nil {
		return "", err
	}
	return taskID(req), nil
}

func check(req provider.Request) error {
	switch {
	case req.Duration > MaxDuration:
		return &provider.Error{
			Kind:       provider.Rejected,
			Message:    fmt.Sprintf("songs may last at most %d seconds", int(MaxDuration.Seconds())),
			Suggestion: fmt.Sprintf("Ask for %d seconds or less.", int(MaxDuration.Seconds())),
		}
	case req.Duration <= 0:
		return &provider.Error{
			Kind:       provider.Rejected,
			Message:    "the duration must be positive",
			Suggestion: "Ask for a few seconds at least.",
		}
	default:
		return nil
	}
}

// taskID is the same for the same request in every process.
func taskID(req provider.Request) string {
	// Strings, bools and numbers always marshal.
	data, _ := json.Marshal(req)
	sum := sha256.Sum256(data)
	return name + "-" + hex.EncodeToString(sum[:16])
}
