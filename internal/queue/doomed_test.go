package queue_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

// Kinds whose handlers take part in the end are ended by a worker, at once, even
// if the queue is paused. The worker hardly polls: the function tells it.
func TestCancelBySQLRunsTheHookOfAWaitingJob(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]queue.Params{
		"waiting":   {},
		"scheduled": {Delay: time.Hour},
		"blocked":   {ConcurrencyKey: "u"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := setup(t)
			r.exec("SELECT queue.pause($1)", queueName)
			if name == "blocked" {
				r.enqueue(queue.Params{ConcurrencyKey: "u"})
			}
			id, _ := r.enqueue(p)
			h, told := hooked(neverWork())
			r.listening(h)
			require.Equal(t, []string{"false"}, r.strings("SELECT ended::text FROM queue.cancel($1)", id))
			require.Equal(t, finale{id: id, outcome: queue.CancelledOut}, receive(t, told))
			require.Equal(t, []ended{{ID: id, Outcome: queue.CancelledOut, Attempt: 1}}, r.history())
		})
	}
}

func TestCancelBySQLNeedsNoWorkerWithoutAHook(t *testing.T) {
	t.Parallel()
	r := setup(t)
	w := r.worker(neverWork()) // which makes the kind known
	w.Stop()
	for _, p := range []queue.Params{{}, {Delay: time.Hour}, {Kind: "unknown"}} {
		id, _ := r.enqueue(p)
		require.Equal(t, []string{"true"}, r.strings("SELECT ended::text FROM queue.cancel($1)", id))
		require.Empty(t, r.live())
	}
	for _, e := range r.history() {
		require.Equal(t, queue.CancelledOut, e.Outcome)
	}
	require.Empty(t, r.strings("SELECT ended::text FROM queue.cancel(4711)"))
}

// A worker with the hook is to come: until then the job stays, and does not run.
func TestCancelledJobWaitsForAWorkerThatKnowsItsHook(t *testing.T) {
	t.Parallel()
	r := setup(t)
	h, told := hooked(neverWork())
	r.worker(h).Stop()
	id, _ := r.enqueue(queue.Params{})
	for range 2 { // again changes nothing
		r.exec("SELECT queue.cancel($1)", id)
	}
	require.Equal(t, "waiting", r.only().State)
	r.worker(h)
	require.Equal(t, id, receive(t, told).id)
	r.awaitEnd()
	require.Empty(t, told)
}
