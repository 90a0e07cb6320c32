// Package apperr holds the errors that callers outside the process may see.
//
// An error has a kind, which decides its HTTP status and socket close code, a
// stable machine code, and a message that says what to do. The cause is for
// the log and is never sent. Any other error counts as Internal.
package apperr

import (
	"errors"
	"time"
)

// Kind is the class of an error. httpapi maps it to a status in one place.
type Kind int

// The kinds, with the HTTP status each one becomes.
const (
	Internal         Kind = iota // 500
	Invalid                      // 400
	Unauthenticated              // 401
	Forbidden                    // 403
	NotFound                     // 404
	MethodNotAllowed             // 405
	Conflict                     // 409
	TooLarge                     // 413
	Unsupported                  // 415
	Unprocessable                // 422
	RateLimited                  // 429
	Unavailable                  // 503
)

// Error is an error that may be shown to whoever caused it.
type Error struct {
	Kind       Kind
	Code       string        // stable, upper snake case
	Message    string        // says what is wrong and what to do; no secrets
	Fields     []Field       // every invalid field, when the input is at fault
	RetryAfter time.Duration // when trying again makes sense; zero if unknown
	Cause      error         // logged, never sent
}

// Field names one invalid field of an input.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Code + ": " + e.Message + ": " + e.Cause.Error()
	}
	return e.Code + ": " + e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// New returns an error of kind k.
func New(k Kind, code, message string) *Error {
	return &Error{Kind: k, Code: code, Message: message}
}

// Wrap returns an error of kind k that hides cause from its reader.
func Wrap(cause error, k Kind, code, message string) *Error {
	return &Error{Kind: k, Code: code, Message: message, Cause: cause}
}

// InvalidFields returns the error for an input with invalid fields.
func InvalidFields(fields ...Field) *Error {
	return &Error{
		Kind:    Invalid,
		Code:    "VALIDATION_ERROR",
		Message: "Some fields are invalid; see details.",
		Fields:  fields,
	}
}

// From returns err as an *Error; an unknown error becomes Internal with a
// message that gives nothing away. From(nil) is nil.
func From(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{
		Kind:    Internal,
		Code:    "INTERNAL_ERROR",
		Message: "Something went wrong on our side. Try again; if it persists, report the request id.",
		Cause:   err,
	}
}

// Is reports whether err is, or wraps, an *Error with the given code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}
