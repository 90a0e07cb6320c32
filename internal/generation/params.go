package generation

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"son1k/internal/apperr"
)

// Limits of the fields, in characters unless said otherwise.
const (
	MaxPrompt      = 3000
	MaxStyle       = 200
	MaxTitle       = 200
	MaxLyrics      = 5000
	MinDuration    = 5   // seconds
	MaxDuration    = 600 // seconds, of the best tier
	DefaultStyle   = "pop"
	DefaultQuality = "standard"
	DefaultSeconds = 60
)

// Qualities in rising order.
var qualities = []string{"standard", "high", "premium", "enterprise"} //nolint:gochecknoglobals // a constant list

// Params is what a person asks for. Zero values mean the defaults.
type Params struct {
	Prompt       string
	Style        string
	Title        string
	Lyrics       string
	Instrumental bool
	Duration     int // seconds
	Quality      string
	Seed         *int64 // nil: random
}

// normalize trims, fills in the defaults and checks every field.
func (p *Params) normalize() error {
	p.Prompt = strings.TrimSpace(p.Prompt)
	p.Style = strings.TrimSpace(p.Style)
	p.Title = strings.TrimSpace(p.Title)
	p.Lyrics = strings.TrimSpace(p.Lyrics)
	if p.Style == "" {
		p.Style = DefaultStyle
	}
	if p.Quality == "" {
		p.Quality = DefaultQuality
	}
	if p.Duration == 0 {
		p.Duration = DefaultSeconds
	}
	return p.validate()
}

func (p *Params) validate() error {
	var bad []apperr.Field
	check := func(field, message string) {
		if message != "" {
			bad = append(bad, apperr.Field{Field: field, Message: message})
		}
	}
	promptProblem := textProblem(p.Prompt, MaxPrompt, true)
	if p.Prompt == "" {
		promptProblem = "Say what the song should be."
	}
	check("prompt", promptProblem)
	check("style", textProblem(p.Style, MaxStyle, false))
	check("title", textProblem(p.Title, MaxTitle, false))
	check("lyrics", textProblem(p.Lyrics, MaxLyrics, true))
	if p.Duration < MinDuration || p.Duration > MaxDuration {
		check("duration", fmt.Sprintf("Must be between %d and %d seconds.", MinDuration, MaxDuration))
	}
	if !slices.Contains(qualities, p.Quality) {
		check("quality", "Must be one of "+strings.Join(qualities, ", ")+".")
	}
	if len(bad) == 0 {
		return nil
	}
	err := apperr.InvalidFields(bad...)
	if promptProblem != "" {
		err.Code, err.Message = "INVALID_PROMPT", "The prompt is invalid; see details."
	}
	return err
}

// textProblem says what is wrong with a text, or nothing.
func textProblem(s string, maxChars int, lines bool) string {
	switch {
	case !utf8.ValidString(s):
		return "Must be valid UTF-8."
	case utf8.RuneCountInString(s) > maxChars:
		return fmt.Sprintf("Must be at most %d characters.", maxChars)
	case strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r))
	}):
		return "Must not contain control characters."
	}
	return ""
}

// allowed checks the request against what the tier allows.
func (p *Params) allowed(tier string, maxSeconds int, bestQuality string) error {
	if p.Duration > maxSeconds {
		return apperr.New(apperr.Forbidden, "INSUFFICIENT_TIER",
			fmt.Sprintf("Songs of the %s tier last up to %d s. Ask for a shorter one or upgrade.", tier, maxSeconds))
	}
	if slices.Index(qualities, p.Quality) > slices.Index(qualities, bestQuality) {
		return apperr.New(apperr.Forbidden, "INSUFFICIENT_TIER",
			fmt.Sprintf("The best quality of the %s tier is %q. Choose that or upgrade.", tier, bestQuality))
	}
	return nil
}
