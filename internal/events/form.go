package events

import "sync"

// Form is a way to write an event, for one kind of subscribers. All subscribers
// of a delivery share what is written, so that an event is encoded once per form
// however many there are; they must not change it.
type Form[T any] struct{ build func(Event) T }

// NewForm returns the form that build writes.
func NewForm[T any](build func(Event) T) *Form[T] { return &Form[T]{build} }

// Of returns e in this form.
func (f *Form[T]) Of(e Event) T {
	if e.memo == nil {
		return f.build(e)
	}
	e.memo.mu.Lock()
	defer e.memo.mu.Unlock()
	if made, ok := e.memo.made[f]; ok {
		return made.(T) // nothing else is stored under f
	}
	made := f.build(e)
	if e.memo.made == nil {
		e.memo.made = make(map[any]any, 1)
	}
	e.memo.made[f] = made
	return made
}

// memo holds the forms that a delivered event has been written in.
type memo struct {
	mu   sync.Mutex
	made map[any]any
}
