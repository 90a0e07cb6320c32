package queue_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"son1k/internal/queue"
)

func (r *rig) setSchedule(s queue.Schedule) {
	r.Helper()
	s.Queue, s.Kind = queueName, kind
	require.NoError(r, r.client.SetSchedule(r.Context(), r.pool, s))
}

// impatient workers do not wait for their jobs when they are stopped.
func impatient(c *queue.WorkerConfig) { c.SoftStop = time.Millisecond }

// Two workers, and a job for each second: none twice, none left out.
func TestScheduleFiresEachTimeOnce(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.setSchedule(queue.Schedule{Name: "tick", Cron: "@every 1s", Overlap: true, Priority: 3, MaxAttempts: 1, Payload: map[string]int{"n": 1}})
	got := make(chan queue.Job, 20)
	for range 2 {
		r.worker(work(func(_ context.Context, job *queue.Job) error { got <- *job; return nil }))
	}
	var keys []string
	for range 4 {
		job := receive(t, got)
		keys = append(keys, job.Key)
		require.Equal(t, 3, job.Priority)
		require.Equal(t, 1, job.MaxAttempts)
		require.JSONEq(t, `{"n": 1}`, string(job.Payload))
	}
	slices.Sort(keys)
	first, err := time.Parse("schedule:tick:"+time.RFC3339, keys[0])
	require.NoError(t, err)
	for i, key := range keys {
		require.Equal(t, "schedule:tick:"+first.Add(time.Duration(i)*time.Second).Format(time.RFC3339), key)
	}
	require.Equal(t, []string{"f"}, r.strings("SELECT (last_at IS NULL OR next_at <= last_at)::text::char FROM queue.schedule"))
}

// The worker hardly polls, and is on time all the same.
func TestScheduleNeedsNoPoll(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.setSchedule(queue.Schedule{Name: "tick", Cron: "@every 1s"})
	got := make(chan string, 20)
	r.worker(work(func(_ context.Context, job *queue.Job) error { got <- job.Key; return nil }), rarely)
	for range 2 {
		require.Equal(t, "schedule:tick", receive(t, got))
	}
}

// The times of a schedule pass while its last job is live.
func TestScheduleDoesNotOverlap(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.setSchedule(queue.Schedule{Name: "tick", Cron: "@every 1s"})
	h, began, _ := blocking()
	r.worker(h, impatient)
	id := receive(t, began).ID
	at := func() string { return r.strings("SELECT next_at::text FROM queue.schedule")[0] }
	for range 2 {
		last := at()
		r.eventually("another time has passed", func() bool { return at() != last })
	}
	require.Equal(t, id, r.only().ID)
}

// missed is a schedule whose times have passed for three and a half hours.
func (r *rig) missed(policy queue.Missed) []string {
	r.Helper()
	r.setSchedule(queue.Schedule{Name: "s", Cron: "@every 1h", Missed: policy})
	r.exec("UPDATE queue.schedule SET next_at = date_trunc('second', now() - interval '3.5 hours')")
	h, _, _ := blocking()
	r.worker(h, impatient, func(c *queue.WorkerConfig) { c.Concurrency = 10 })
	r.eventually("it has fired", func() bool {
		return len(r.strings("SELECT name FROM queue.schedule WHERE next_at > now()")) == 1
	})
	return r.strings("SELECT key FROM queue.job ORDER BY seq")
}

func TestScheduleMakesUpForWhatItMissed(t *testing.T) {
	t.Parallel()
	for policy, n := range map[queue.Missed]int{queue.MissedSkip: 0, queue.MissedOnce: 1, queue.MissedAll: 4} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			keys := setup(t).missed(policy)
			require.Len(t, keys, n)
			require.True(t, slices.IsSorted(keys))
			require.Len(t, slices.Compact(keys), n)
		})
	}
}

func TestScheduleThatMakesNoSenseSaysWhy(t *testing.T) {
	t.Parallel()
	r := setup(t)
	for _, s := range []queue.Schedule{
		{Name: "s", Cron: "every day"}, {Name: "s", Cron: "@hourly", Timezone: "Mars/Olympus"}, {Name: "s", Cron: "@hourly", Payload: func() {}},
		{Name: "", Cron: "@hourly"},
	} {
		s.Queue, s.Kind = queueName, kind
		require.Error(t, r.client.SetSchedule(t.Context(), r.pool, s))
	}
	r.exec("SELECT queue.set_schedule('bad', $1, $2, '99 * * * *')", queueName, kind)
	r.setSchedule(queue.Schedule{Name: "good", Cron: "@every 1s"})
	ran := make(chan string, 20)
	r.worker(work(func(_ context.Context, job *queue.Job) error { ran <- job.Key; return nil }))
	require.Equal(t, "schedule:good", receive(t, ran))
	require.Contains(t, r.strings("SELECT error FROM queue.schedule WHERE name = 'bad'")[0], "99")
	require.Equal(t, []string{"broken"}, r.strings("SELECT state FROM queue.schedules WHERE name = 'bad'"))
}

// As an application does at each start.
func TestScheduleThatIsSetAgainKeepsItsTime(t *testing.T) {
	t.Parallel()
	r := setup(t)
	s := queue.Schedule{Name: "s", Cron: "0 3 * * *", Timezone: "Europe/Berlin", Payload: map[string]int{"a": 1}}
	next := func() string { return r.strings("SELECT coalesce(next_at::text, 'none') FROM queue.schedule")[0] }
	r.setSchedule(s)
	require.Equal(t, "none", next())
	w := r.worker(neverWork())
	r.eventually("its next time is worked out", func() bool { return next() != "none" })
	w.Stop()
	require.Equal(t, []string{"03:00:00"}, r.strings("SELECT (next_at AT TIME ZONE 'Europe/Berlin')::time::text FROM queue.schedule WHERE next_at > now()"))
	at, changed := next(), r.strings("SELECT updated_at::text FROM queue.schedule")
	r.setSchedule(s)
	require.Equal(t, at, next())
	require.Equal(t, changed, r.strings("SELECT updated_at::text FROM queue.schedule"))
	s.Payload = map[string]int{"a": 2}
	r.setSchedule(s)
	require.Equal(t, at, next())
	s.Cron = "0 4 * * *"
	r.setSchedule(s)
	require.Equal(t, "none", next())
}

func TestScheduleByHand(t *testing.T) {
	t.Parallel()
	r := setup(t)
	r.exec("SELECT queue.set_schedule('s', $1, $2, '@every 1s', payload => '{\"by\": \"hand\"}', priority => 4)", queueName, kind)
	got := make(chan queue.Job, 20)
	w := r.worker(work(func(_ context.Context, job *queue.Job) error { got <- *job; return nil }))
	job := receive(t, got)
	require.JSONEq(t, `{"by": "hand"}`, string(job.Payload))
	require.Equal(t, 4, job.Priority)
	r.exec("SELECT queue.pause_schedule('s')")
	w.Stop()
	last := r.strings("SELECT last_at::text FROM queue.schedule")
	w = r.worker(work(func(context.Context, *queue.Job) error { return nil }))
	r.enqueue(queue.Params{Key: "other"}) // when it has run, the worker has been at work
	r.awaitEnd()
	w.Stop()
	require.Equal(t, last, r.strings("SELECT last_at::text FROM queue.schedule"))
}
