package provider

import (
	"errors"
	"time"
)

// Kind says what a failure means for the job that met it.
type Kind int

const (
	// Overloaded covers network failures, time-outs and a busy vendor: retry.
	Overloaded Kind = iota
	// Rejected content fails for good; Suggestion says what to change.
	Rejected
	// InvalidToken: the vendor refused the credential; take another.
	InvalidToken
	// NoCredits: the credential is sound but spent; let it cool down.
	NoCredits
	// RateLimited: wait for RetryAfter.
	RateLimited
	// Contract: the vendor answered something it never should; fails for good.
	Contract
)

// Error is a vendor's failure, typed so that the worker can decide.
type Error struct {
	Kind       Kind
	Message    string        // safe to show to the person
	Suggestion string        // what the person can do about it
	RetryAfter time.Duration // zero if the vendor did not say
	Cause      error         // for the log only
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Permanent reports whether trying again with the same request is pointless.
func Permanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && (e.Kind == Rejected || e.Kind == Contract)
}
