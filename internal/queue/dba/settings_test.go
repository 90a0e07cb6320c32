package dba_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"son1k/internal/postgres/pgtest"
)

func TestPauseAndResume(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, "SELECT queue.enqueue('music', 'song')")
	by := worker(t, pool, "music", "song")
	run(t, pool, 1, by)
	ears := listen(t, pool)
	state := func(call string) string {
		return one[string](t, op, "SELECT format('%s %s', name, state) FROM "+call)
	}

	require.Equal(t, "music draining", state("queue.drain('music')"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	since := one[string](t, op, "SELECT paused_at::text FROM queue.queues")
	require.Equal(t, "music draining", state("queue.pause('music')"))
	require.Equal(t, since, one[string](t, op, "SELECT paused_at::text FROM queue.queues"), "since the first time")
	finish(t, pool, 1, "completed", nil)
	require.Equal(t, "music paused", state("queue.queues"))
	exec(t, op, "SELECT queue.enqueue('music', 'song')")
	require.Equal(t, "The queue is paused.", one[string](t, op, "SELECT why FROM queue.jobs"))
	ears.heard(t)

	require.Equal(t, "music active", state("queue.resume('music')"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, "music active", state("queue.resume('music')"))
	require.Equal(t, "Waits its turn.", one[string](t, op, "SELECT why FROM queue.jobs"))

	require.Equal(t, "later paused", state("queue.pause('later')"), "before its first worker")
	require.Empty(t, all[string](t, op, "SELECT name FROM queue.resume('none')"))
}

func TestSetLimits(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	ears := listen(t, pool)
	set := func(arguments string) string {
		return one[string](t, op, `
			SELECT format('%s/%s/%s/%s/%s', max_running, rate_limit, rate_window, worker_concurrency, fair_every)
			FROM queue.set_limits('music'`+arguments+`)`)
	}
	require.Equal(t, "////10", set(""), "the defaults")
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, "5////10", set(", max_running => 5"))
	require.Equal(t, "5/20/00:00:01//10", set(", rate_limit => 20"), "per second unless told otherwise")
	require.Equal(t, "5/20/00:01:00//10", set(", rate_window => '1 minute'"))
	require.Equal(t, "5/30/00:01:00//10", set(", rate_limit => 30"), "the window stays")
	require.Equal(t, "5/30/00:01:00/8/0", set(", worker_concurrency => 8, fair_every => 0"))
	require.Equal(t, "5/30/00:01:00/8/0", set(""))
	require.Equal(t, "5///8/0", set(", rate_limit => NULL"))
	require.Equal(t, "////0", set(", max_running => NULL, worker_concurrency => NULL"))
	require.Equal(t, "postgres", one[string](t, op, "SELECT updated_by FROM queue.queues"), "who was logged in, not whose rights the function has")
}

func TestSetPriority(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, "SELECT queue.enqueue('music', 'song', priority => 20) FROM generate_series(1, 3)")
	exec(t, op, "SELECT queue.enqueue('music', 'song', priority => 5)")
	exec(t, op, "SELECT queue.enqueue('music', 'song', run_at => now() + interval '1 day')")
	exec(t, op, "SELECT queue.enqueue('music', 'late')")
	run(t, pool, 6, worker(t, pool, "music", "late"))
	ears := listen(t, pool)
	seq := func(id int64) int64 { return one[int64](t, pool, "SELECT seq FROM queue.job WHERE id = $1", id) }
	before := map[int64]int64{2: seq(2), 5: seq(5), 6: seq(6)}

	require.Equal(t, 5, one[int](t, op, "SELECT priority FROM queue.set_priority(2, 5)"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []int64{4, 2, 1, 3}, all[int64](t, op, "SELECT id FROM queue.waiting ORDER BY position"), "behind those of the priority")
	require.Greater(t, seq(2), before[2], "or readers who look from a mark on would not find it")
	placed := seq(2)
	require.Equal(t, 5, one[int](t, op, "SELECT priority FROM queue.set_priority(2, 5)"))
	require.Equal(t, placed, seq(2), "no change, so it keeps its place")
	require.Empty(t, ears.heard(t))

	for _, id := range []int64{5, 6} {
		require.Equal(t, 0, one[int](t, op, "SELECT priority FROM queue.set_priority($1, 0)", id))
		require.Equal(t, before[id], seq(id), "a running one must stay its worker's")
	}
	require.Empty(t, all[int64](t, op, "SELECT id FROM queue.set_priority(4711, 1)"))
}

func TestSetPriorityWhere(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	exec(t, op, "SELECT queue.enqueue('music', CASE n % 2 WHEN 0 THEN 'mail' ELSE 'song' END, priority => 10 * n, key => 'k-' || n) FROM generate_series(1, 6) n")
	exec(t, op, "SELECT queue.enqueue('other', 'song')")
	run(t, pool, 1, worker(t, pool, "music", "song"))
	ears := listen(t, pool)

	require.Equal(t, []int64{3, 5}, all[int64](t, op, "SELECT id FROM queue.set_priority_where('music', 70, kind => 'song')"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, []int64{2, 4, 6, 3, 5}, all[int64](t, op, "SELECT id FROM queue.waiting WHERE queue = 'music' ORDER BY position"))
	require.Equal(t, []int64{2}, all[int64](t, op, "SELECT id FROM queue.set_priority_where('music', 70, max_jobs => 1)"))
	require.Equal(t, []int64{4}, all[int64](t, op, "SELECT id FROM queue.set_priority_where('music', 80, from_priority => 40)"))
	require.Equal(t, []int64{6}, all[int64](t, op, "SELECT id FROM queue.set_priority_where('music', 80, key_like => '%6')"))
	require.Equal(t, []int64{3, 5, 2, 4, 6}, all[int64](t, op, "SELECT id FROM queue.waiting WHERE queue = 'music' ORDER BY position"))
	ears.heard(t)
	require.Empty(t, all[int64](t, op, "SELECT id FROM queue.set_priority_where('none', 1)"))
	require.Empty(t, ears.heard(t))
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	ears := listen(t, pool)
	const line = "SELECT format('%s %s %s %s %s %s', name, cron, timezone, missed, state, next_at IS NULL) FROM "
	require.Equal(t, "nightly 30 3 * * * Europe/Berlin once active t", one[string](t, op, line+"queue.set_schedule('nightly', 'music', 'report', '30 3 * * *', 'Europe/Berlin')"))
	require.Equal(t, []string{"wake music"}, ears.heard(t))

	exec(t, pool, "UPDATE queue.schedule SET next_at = now() + interval '1 hour', error = 'no'")
	require.Equal(t, "broken", one[string](t, op, "SELECT state FROM queue.schedules"))
	require.Equal(t, "nightly 30 3 * * * Europe/Berlin skip active f", one[string](t, op, line+"queue.set_schedule('nightly', 'music', 'report', '30 3 * * *', 'Europe/Berlin', missed => 'skip')"),
		"the same times, so the next one stays")
	require.Equal(t, "nightly @every 90s UTC once active t", one[string](t, op, line+"queue.set_schedule('nightly', 'music', 'report', '@every 90s')"))

	exec(t, pool, "UPDATE queue.schedule SET next_at = now() - interval '1 hour'")
	require.Equal(t, "nightly @every 90s UTC once paused f", one[string](t, op, line+"queue.pause_schedule('nightly')"))
	ears.heard(t)
	require.Equal(t, "nightly @every 90s UTC once active t", one[string](t, op, line+"queue.resume_schedule('nightly')"), "what passed meanwhile is not missed")
	require.Equal(t, []string{"wake music"}, ears.heard(t))
	require.Equal(t, "nightly @every 90s UTC once active t", one[string](t, op, line+"queue.drop_schedule('nightly')"))
	require.Empty(t, all[string](t, op, line+"queue.schedules"))
	for _, call := range []string{"pause", "resume", "drop"} {
		require.Empty(t, all[string](t, op, line+"queue."+call+"_schedule('nightly')"))
	}
}

func TestSetRetention(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	op := as(t, pool, operator)
	const line = "SELECT format('%s/%s/%s/%s', completed_keep, completed_keep_rows, ended_keep, metric_keep) FROM "
	require.Equal(t, "01:00:00/1000/7 days/1 day", one[string](t, op, line+"queue.set_retention()"))
	require.Equal(t, "01:00:00/0/14 days/1 day", one[string](t, op, line+"queue.set_retention(ended_keep => '14 days', completed_keep_rows => 0)"))
	require.Equal(t, "02:00:00/0/14 days/2 days", one[string](t, op, line+"queue.set_retention(completed_keep => '2 hours', metric_keep => '2 days')"))
	require.Equal(t, "02:00:00/0/14 days/2 days", one[string](t, pool, line+"queue.setting"))
}
