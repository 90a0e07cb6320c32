package driver

import "context"

// System is a job queue as a driver uses it. A job carries its number and does
// nothing. Nobody closes it: its process is ended.
type System interface {
	// Describe tells the version and how it is configured, for the results.
	Describe() (version, config string)
	// Keyed tells whether jobs can have a concurrency key.
	Keyed() bool
	// Setup makes the schema.
	Setup(ctx context.Context) error
	// Enqueue adds a job. It is safe for concurrent use.
	Enqueue(ctx context.Context, number int) error
	// EnqueueMany adds jobs in one batch, with concurrency key number % keys
	// and a limit of 1 unless keys is 0.
	EnqueueMany(ctx context.Context, first, count, keys int) error
	// Work starts a worker that calls handle for each job.
	Work(ctx context.Context, handle func(number int)) error
	// Pending tells whether there are jobs that are not recorded as done.
	Pending(ctx context.Context) (bool, error)
}
