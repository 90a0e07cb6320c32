-- What internal/queue/admin shows and does. It uses views and functions only, so
-- that the roles for people suffice. Which columns of a view may be null is not
-- known to the generated code: an empty text, 0, NaN and the year 1 stand for null.

-- name: AdminJobs :many
-- Live jobs, oldest first. Empty filters let all pass.
SELECT j.id::bigint AS id, j.queue::text AS queue, j.kind::text AS kind, coalesce(j.key, '')::text AS key, j.state::text AS state,
       j.priority::integer AS priority, j.attempt::integer AS attempt, j.max_attempts::integer AS max_attempts,
       j.created_at::timestamptz AS created_at, j.run_at::timestamptz AS run_at,
       coalesce(j.started_at, '0001-01-01Z')::timestamptz AS started_at, coalesce(j.deadline_at, '0001-01-01Z')::timestamptz AS deadline_at,
       coalesce(extract(epoch FROM j.waited), 'NaN')::float8 AS waited, extract(epoch FROM j.age)::float8 AS age,
       coalesce(j.worker_id::text, '')::text AS worker_id, j.progress::integer AS progress, coalesce(j.stage, '')::text AS stage,
       coalesce(j.concurrency_key, '')::text AS concurrency_key, coalesce(j.concurrency_limit, 0)::integer AS concurrency_limit,
       j.cancelling::boolean AS cancelling, j.redriven::integer AS redriven, j.by_hand::boolean AS by_hand,
       coalesce(j.last_error, '')::text AS last_error, coalesce(j.why, '')::text AS why
FROM queue.jobs j
WHERE (@queue::text = '' OR j.queue = @queue) AND (cardinality(@states::text[]) = 0 OR j.state = ANY (CAST(@states::text[] AS queue.job_state[])))
  AND (@kind::text = '' OR j.kind = @kind) AND (@key_like::text = '' OR j.key LIKE @key_like)
ORDER BY j.id
LIMIT @max_rows::integer;

-- name: AdminHistory :many
-- Jobs that have ended, the last one enqueued first: that order has an index.
-- since is in seconds; 0: as far back as there is.
SELECT h.id::bigint AS id, h.outcome::text AS outcome, h.queue::text AS queue, h.kind::text AS kind, coalesce(h.key, '')::text AS key,
       h.priority::integer AS priority, h.attempt::integer AS attempt, h.max_attempts::integer AS max_attempts,
       h.created_at::timestamptz AS created_at, coalesce(h.started_at, '0001-01-01Z')::timestamptz AS started_at, h.finished_at::timestamptz AS finished_at,
       coalesce(extract(epoch FROM h.waited), 'NaN')::float8 AS waited, coalesce(extract(epoch FROM h.ran), 'NaN')::float8 AS ran,
       h.redriven::integer AS redriven, coalesce(h.last_error, '')::text AS last_error
FROM queue.history h
WHERE h.outcome = ANY (CAST(@outcomes::text[] AS queue.outcome[])) AND h.finished_at >= CASE WHEN @since::float8 > 0 THEN now() - make_interval(secs => @since) ELSE '-infinity' END
  AND (@queue::text = '' OR h.queue = @queue) AND (@kind::text = '' OR h.kind = @kind)
ORDER BY h.id DESC
LIMIT @max_rows::integer;

-- name: AdminFailed :many
-- Jobs that failed for good, newest first; since as in AdminHistory.
SELECT h.id::bigint AS id, h.outcome::text AS outcome, h.queue::text AS queue, h.kind::text AS kind, coalesce(h.key, '')::text AS key,
       h.priority::integer AS priority, h.attempt::integer AS attempt, h.max_attempts::integer AS max_attempts,
       h.created_at::timestamptz AS created_at, coalesce(h.started_at, '0001-01-01Z')::timestamptz AS started_at, h.finished_at::timestamptz AS finished_at,
       coalesce(extract(epoch FROM h.waited), 'NaN')::float8 AS waited, coalesce(extract(epoch FROM h.ran), 'NaN')::float8 AS ran,
       h.redriven::integer AS redriven, coalesce(h.last_error, '')::text AS last_error
FROM queue.history h
WHERE h.outcome = 'failed' AND h.finished_at >= CASE WHEN @since::float8 > 0 THEN now() - make_interval(secs => @since) ELSE '-infinity' END
  AND (@queue::text = '' OR h.queue = @queue) AND (@kind::text = '' OR h.kind = @kind)
ORDER BY h.finished_at DESC
LIMIT @max_rows::integer;

-- name: AdminStats :many
SELECT s.queue::text AS queue, s.priority::integer AS priority, s.waiting::bigint AS waiting, s.waiting_exact::boolean AS waiting_exact,
       coalesce(extract(epoch FROM s.oldest_wait), 'NaN')::float8 AS oldest_wait, s.running::bigint AS running,
       coalesce(s.wait_p50_ms, 'NaN')::float8 AS wait_p50, coalesce(s.wait_p95_ms, 'NaN')::float8 AS wait_p95, coalesce(s.wait_p99_ms, 'NaN')::float8 AS wait_p99,
       coalesce(s.run_p50_ms, 'NaN')::float8 AS run_p50, coalesce(s.run_p95_ms, 'NaN')::float8 AS run_p95, coalesce(s.run_p99_ms, 'NaN')::float8 AS run_p99,
       s.completed_per_s::float8 AS completed_per_s, s.failed::bigint AS failed, s.retried::bigint AS retried, s.snoozed::bigint AS snoozed,
       s.cancelled::bigint AS cancelled, s.rescued::bigint AS rescued
FROM queue.stats s
WHERE @queue::text = '' OR s.queue = @queue
ORDER BY s.queue, s.priority;

-- name: AdminQueues :many
-- All queues, or one.
SELECT q.name::text AS name, q.state::text AS state, q.waiting::bigint AS waiting, q.running::bigint AS running, q.scheduled::bigint AS scheduled,
       q.blocked::bigint AS blocked, q.parked::bigint AS parked, coalesce(extract(epoch FROM q.oldest_wait), 'NaN')::float8 AS oldest_wait,
       q.workers::bigint AS workers, coalesce(q.max_running, 0)::integer AS max_running, coalesce(q.rate_limit, 0)::integer AS rate_limit,
       coalesce(extract(epoch FROM q.rate_window), 'NaN')::float8 AS rate_window, coalesce(q.worker_concurrency, 0)::integer AS worker_concurrency,
       coalesce(q.fair_every, -1)::integer AS fair_every, coalesce(q.paused_at, '0001-01-01Z')::timestamptz AS paused_at,
       coalesce(q.updated_at, '0001-01-01Z')::timestamptz AS updated_at, coalesce(q.updated_by, '')::text AS updated_by
FROM queue.queues q
WHERE @queue::text = '' OR q.name = @queue
ORDER BY q.name;

-- name: AdminWorkers :many
SELECT w.id::text AS id, w.queue::text AS queue, w.status::text AS status, extract(epoch FROM w.silence)::float8 AS silence, w.running::integer AS running,
       w.concurrency::integer AS concurrency, w.kinds::text[] AS kinds, w.host::text AS host, w.pid::integer AS pid, w.version::text AS version,
       w.mean_run_ms::integer AS mean_run_ms, w.started_at::timestamptz AS started_at, w.heartbeat_at::timestamptz AS heartbeat_at
FROM queue.workers w
WHERE (@queue::text = '' OR w.queue = @queue) AND (@dead::boolean OR w.status <> 'dead')
ORDER BY w.queue, w.started_at, w.id;

-- name: AdminHealth :many
SELECT h."check"::text AS name, coalesce(h.value, '')::text AS value, h.threshold::text AS threshold, coalesce(h.ok, false)::boolean AS ok, h.advice::text AS advice
FROM queue.health h;

-- name: AdminSchedules :many
SELECT s.name::text AS name, s.queue::text AS queue, s.kind::text AS kind, s.cron::text AS cron, s.timezone::text AS timezone, s.state::text AS state,
       coalesce(s.next_at, '0001-01-01Z')::timestamptz AS next_at, coalesce(s.last_at, '0001-01-01Z')::timestamptz AS last_at,
       s.missed::text AS missed, s.overlap::boolean AS overlap, s.priority::integer AS priority, s.max_attempts::integer AS max_attempts,
       coalesce(s.error, '')::text AS error
FROM queue.schedules s
WHERE @name::text = '' OR s.name = @name
ORDER BY s.name;

-- name: AdminJob :one
-- Everything about a job, live or ended.
SELECT d.id::bigint AS id, d.queue::text AS queue, d.kind::text AS kind, coalesce(d.key, '')::text AS key, d.state::text AS state, coalesce(d.why, '')::text AS why,
       d.priority::integer AS priority, d.attempt::integer AS attempt, d.max_attempts::integer AS max_attempts, d.created_at::timestamptz AS created_at,
       coalesce(d.run_at, '0001-01-01Z')::timestamptz AS run_at, coalesce(d.started_at, '0001-01-01Z')::timestamptz AS started_at,
       coalesce(d.finished_at, '0001-01-01Z')::timestamptz AS finished_at, coalesce(d.deadline_at, '0001-01-01Z')::timestamptz AS deadline_at,
       coalesce(d.cancel_requested_at, '0001-01-01Z')::timestamptz AS cancel_requested_at, coalesce(d.worker_id::text, '')::text AS worker_id,
       coalesce(d.progress, 0)::integer AS progress, coalesce(d.stage, '')::text AS stage, coalesce(d.concurrency_key, '')::text AS concurrency_key,
       coalesce(d.concurrency_limit, 0)::integer AS concurrency_limit, d.redriven::integer AS redriven, coalesce(d.by_hand, false)::boolean AS by_hand,
       coalesce(d.traceparent, '')::text AS traceparent, d.payload::jsonb AS payload, coalesce(d.result, 'null')::jsonb AS result,
       coalesce(d.checkpoint, 'null')::jsonb AS checkpoint, coalesce(d.errors, '[]')::jsonb AS errors
FROM queue.job_detail(@id::bigint) d;

-- name: AdminFailureGroups :many
-- since is in seconds.
SELECT coalesce(g.error, '')::text AS message, g.n::bigint AS n, g.first_at::timestamptz AS first_at, g.last_at::timestamptz AS last_at, g.example_id::bigint AS example
FROM queue.failure_groups(@queue::text, make_interval(secs => @since::float8), @max_groups::integer) g;

-- name: AdminRetry :many
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state::text AS state,
       c.priority::integer AS priority, c.run_at::timestamptz AS run_at, coalesce(c.why, '')::text AS why
FROM queue.retry(@id::bigint) c;

-- name: AdminRedrive :many
-- since is in seconds; an empty filter lets all pass.
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state::text AS state,
       c.priority::integer AS priority, c.run_at::timestamptz AS run_at, coalesce(c.why, '')::text AS why
FROM queue.redrive(@queue::text, nullif(@kind::text, ''), nullif(@error_like::text, ''), make_interval(secs => @since::float8), @max_jobs::integer) c;

-- name: AdminRedrivePreview :many
-- What AdminRedrive would bring back: of those that it picks and that share a key
-- only the first, because then a live job has it.
WITH picked AS (
    SELECT h.id, h.queue, h.kind, h.key, h.last_error, h.finished_at FROM queue.history h
    WHERE h.outcome = 'failed' AND h.queue = @queue::text AND h.finished_at > now() - make_interval(secs => @since::float8)
      AND (@kind::text = '' OR h.kind = @kind) AND (@error_like::text = '' OR h.last_error LIKE @error_like)
      AND NOT EXISTS (SELECT FROM queue.jobs j WHERE j.queue = h.queue AND j.key = h.key)
    ORDER BY h.finished_at LIMIT @max_jobs::integer
)
SELECT p.id::bigint AS id, p.kind::text AS kind, coalesce(p.key, '')::text AS key, coalesce(p.last_error, '')::text AS last_error,
       (SELECT count(*) FROM picked)::integer AS picked
FROM (SELECT t.*, row_number() OVER (PARTITION BY t.key ORDER BY t.finished_at, t.id) AS n FROM picked t) p
WHERE p.key IS NULL OR p.n = 1
ORDER BY p.finished_at, p.id;

-- name: AdminSetPriority :many
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state::text AS state,
       c.priority::integer AS priority, c.run_at::timestamptz AS run_at, coalesce(c.why, '')::text AS why
FROM queue.set_priority(@id::bigint, @priority::integer) c;

-- name: AdminEnqueue :one
-- The new job, or the live one with its key. Empty texts, 0 and the year 1 are null; delay and
-- deadline are in seconds.
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state::text AS state,
       c.priority::integer AS priority, c.run_at::timestamptz AS run_at, coalesce(c.why, '')::text AS why,
       (c.created_at = now())::boolean AS added
FROM queue.enqueue(queue => @queue::text, kind => @kind::text, payload => @payload::jsonb, priority => @priority::integer, key => nullif(@key::text, ''),
                   run_at => coalesce(nullif(@run_at::timestamptz, '0001-01-01Z'), now() + make_interval(secs => @delay::float8)),
                   max_attempts => @max_attempts::integer, concurrency_key => nullif(@concurrency_key::text, ''),
                   concurrency_limit => nullif(@concurrency_limit::integer, 0), deadline => make_interval(secs => nullif(@deadline::float8, 0))) c;

-- name: AdminCancel :many
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state_was::text AS state_was, c.ended::boolean AS ended
FROM queue.cancel(@id::bigint) c;

-- name: AdminCancelWhere :many
-- An empty filter lets all pass. With preview nothing changes.
SELECT c.id::bigint AS id, c.queue::text AS queue, c.kind::text AS kind, coalesce(c.key, '')::text AS key, c.state_was::text AS state_was, c.ended::boolean AS ended
FROM queue.cancel_where(@queue::text, nullif(@kind::text, ''), nullif(@state::text, ''), nullif(@key_like::text, ''),
                        make_interval(secs => nullif(@older_than::float8, 0)), nullif(@concurrency_key::text, ''), @max_jobs::integer, preview => @preview::boolean) c;

-- name: AdminPause :exec
SELECT queue.pause(@queue::text);

-- name: AdminResume :exec
SELECT queue.resume(@queue::text);

-- name: AdminDrain :exec
SELECT queue.drain(@queue::text);

-- name: AdminSetLimits :exec
-- Negative numbers leave a limit as it is, and null takes it away.
SELECT queue.set_limits(@queue::text, max_running => sqlc.narg(max_running)::integer, rate_limit => sqlc.narg(rate_limit)::integer,
                        rate_window => make_interval(secs => nullif(@rate_window::float8, 0)),
                        worker_concurrency => sqlc.narg(worker_concurrency)::integer, fair_every => @fair_every::integer);

-- name: AdminSetSchedule :exec
SELECT queue.set_schedule(name => @name::text, queue => @queue::text, kind => @kind::text, cron => @cron::text, timezone => @timezone::text,
                          payload => @payload::jsonb, missed => @missed::text, overlap => @overlap::boolean, priority => @priority::integer,
                          max_attempts => @max_attempts::integer);

-- name: AdminPauseSchedule :exec
SELECT queue.pause_schedule(@name::text);

-- name: AdminResumeSchedule :exec
SELECT queue.resume_schedule(@name::text);

-- name: AdminDropSchedule :exec
SELECT queue.drop_schedule(@name::text);
