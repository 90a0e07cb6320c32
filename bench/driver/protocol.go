package driver

// Request is what the benchmark asks a driver to do. Jobs are numbered from 0
// in the order of their creation, per driver.
type Request struct {
	Op      string  `json:"op"`
	Count   int     `json:"count,omitempty"`   // jobs
	Clients int     `json:"clients,omitempty"` // that enqueue at once
	Size    int     `json:"size,omitempty"`    // of a batch
	Keys    int     `json:"keys,omitempty"`    // concurrency keys, each with a limit of 1; 0: none
	Skip    int     `json:"skip,omitempty"`    // jobs to let pass before the clock starts
	Rate    float64 `json:"rate,omitempty"`    // jobs a second
}

// The operations.
const (
	// Describe answers with Version, Config and Keyed.
	Describe = "describe"
	// Setup makes the schema in an empty database.
	Setup = "setup"
	// Enqueue adds Count jobs one by one, from Clients at once: Seconds, Began.
	Enqueue = "enqueue"
	// Batch adds Count jobs in batches of Size, one after the other: Seconds.
	Batch = "batch"
	// Produce adds Count jobs at Rate whatever happens to them: Due, Returned.
	Produce = "produce"
	// Work starts the worker, which notes when it starts each of Count jobs.
	Work = "work"
	// Seen waits until Count jobs have been handled: Started, Ended.
	Seen = "seen"
	// Handled tells how many jobs have been handled: Handled, Now.
	Handled = "handled"
	// Drain starts the worker and waits until Count jobs, which are all there
	// are, have been handled and recorded as done: Seconds.
	Drain = "drain"
	// Pace starts the worker, lets Skip jobs pass and takes the time until Count
	// more have been handled: Seconds.
	Pace = "pace"
)

// Reply is a driver's answer. Times are in microseconds of the machine's
// monotonic clock, which all processes share.
type Reply struct {
	Version  string  `json:"version,omitempty"`
	Config   string  `json:"config,omitempty"`
	Keyed    bool    `json:"keyed,omitempty"`
	Seconds  float64 `json:"seconds,omitempty"`
	Began    int64   `json:"began,omitempty"`
	Ended    int64   `json:"ended,omitempty"`
	Now      int64   `json:"now,omitempty"`
	Handled  int     `json:"handled,omitempty"`
	Due      []int64 `json:"due,omitempty"`      // when each job should have been enqueued
	Returned []int64 `json:"returned,omitempty"` // when its enqueueing had returned
	Started  []int64 `json:"started,omitempty"`  // when its handler was called; 0: never
}
