// Package generation turns a prompt into a song.
//
// Create takes quota, stores the generation, enqueues its job and logs the
// event in one transaction. A worker's Handler then submits the order to the
// provider, stores the provider's task id, follows the task, stores the audio
// and completes generation, job and event in one transaction. Each step is
// recorded before the next begins, so an attempt that takes over after a crash
// starts at the step that the last one reached, and never orders twice.
//
// The one window in which an order can be lost is between the provider's
// answer and the commit of its task id, a few milliseconds.
package generation

// Queue and Kind name the jobs of this package. A job's key is the id of its
// generation.
const (
	Queue = "generation"
	Kind  = "generate"
)
