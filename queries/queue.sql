-- The statements that move jobs are functions (db/migrations/00009_queue_engine.sql).

-- name: QueueEnqueue :one
-- Enqueues one job, to be ready at run_at, or else after delay; deadline is in
-- seconds, 0 for none. No row: there is a live job with its key.
INSERT INTO queue.job (queue, kind, key, priority, max_attempts, run_at, state, deadline_at,
                       concurrency_key, concurrency_limit, traceparent, payload, by_hand)
VALUES (@queue, @kind, sqlc.narg(key), @priority, @max_attempts,
        coalesce(sqlc.narg(run_at)::timestamptz, now() + @delay::interval),
        CASE WHEN coalesce(sqlc.narg(run_at)::timestamptz, now() + @delay::interval) > clock_timestamp()
             THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
        now() + nullif(@deadline::float8, 0) * interval '1 second', sqlc.narg(concurrency_key), sqlc.narg(concurrency_limit), sqlc.narg(traceparent),
        @payload, false)
ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id;

-- name: QueueEnqueueMany :many
-- Enqueues jobs in the given order. n is the place in the arrays, from 1; jobs
-- whose key a live job has are left out. Empty texts, zeros and times before
-- 1970 stand for null; delays and deadlines are in seconds.
WITH input AS MATERIALIZED (
    SELECT nextval('queue.job_id_seq') AS id, i.queue, i.kind, nullif(i.key, '') AS key, i.priority, i.max_attempts,
           CASE WHEN i.run_at > 'epoch' THEN i.run_at ELSE now() + i.delay * interval '1 second' END AS run_at,
           now() + nullif(i.deadline, 0) * interval '1 second' AS deadline_at,
           nullif(i.concurrency_key, '') AS concurrency_key, nullif(i.concurrency_limit, 0) AS concurrency_limit,
           nullif(i.traceparent, '') AS traceparent, i.payload, i.n
    FROM ROWS FROM (unnest(@queues::text[]), unnest(@kinds::text[]), unnest(@keys::text[]), unnest(@priorities::smallint[]),
                    unnest(@max_attempts::smallint[]), unnest(@run_at::timestamptz[]), unnest(@delays::float8[]), unnest(@deadlines::float8[]),
                    unnest(@concurrency_keys::text[]), unnest(@concurrency_limits::smallint[]),
                    unnest(@traceparents::text[]), unnest(@payloads::jsonb[]))
         WITH ORDINALITY AS i (queue, kind, key, priority, max_attempts, run_at, delay, deadline, concurrency_key, concurrency_limit,
                               traceparent, payload, n)
), locked AS MATERIALIZED ( -- in the same order by all, so that two batches do not wait for each other
    SELECT count(pg_advisory_xact_lock(7362, k.lock))
    FROM (SELECT DISTINCT queue.key_lock(i.queue, i.concurrency_key) AS lock FROM input i WHERE i.concurrency_key IS NOT NULL ORDER BY lock) k
), added AS (
    INSERT INTO queue.job (id, queue, kind, key, priority, max_attempts, run_at, state, deadline_at,
                           concurrency_key, concurrency_limit, traceparent, payload, by_hand)
    SELECT i.id, i.queue, i.kind, i.key, i.priority, i.max_attempts, i.run_at,
           CASE WHEN i.run_at > clock_timestamp() THEN 'scheduled' ELSE 'waiting' END::queue.job_state, i.deadline_at,
           i.concurrency_key, i.concurrency_limit, i.traceparent, i.payload, false
    FROM input i CROSS JOIN locked
    ORDER BY i.n
    ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id
)
SELECT i.n::integer AS n, i.id::bigint AS id FROM input i JOIN added a ON a.id = i.id;

-- name: QueueEnqueueFree :many
-- The same for jobs with neither a key nor a concurrency key, with less ado.
-- Returns their ids, which are in the given order.
INSERT INTO queue.job (queue, kind, priority, max_attempts, run_at, state, deadline_at, traceparent, payload, by_hand)
SELECT i.queue, i.kind, i.priority, i.max_attempts, r.run_at,
       CASE WHEN r.run_at > clock_timestamp() THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
       now() + nullif(i.deadline, 0) * interval '1 second', nullif(i.traceparent, ''), i.payload, false
FROM ROWS FROM (unnest(@queues::text[]), unnest(@kinds::text[]), unnest(@priorities::smallint[]), unnest(@max_attempts::smallint[]),
                unnest(@run_at::timestamptz[]), unnest(@delays::float8[]), unnest(@deadlines::float8[]),
                unnest(@traceparents::text[]), unnest(@payloads::jsonb[]))
     AS i (queue, kind, priority, max_attempts, run_at, delay, deadline, traceparent, payload)
CROSS JOIN LATERAL (SELECT CASE WHEN i.run_at > 'epoch' THEN i.run_at ELSE now() + i.delay * interval '1 second' END AS run_at) r
RETURNING id;

-- name: QueueFind :one
-- The live job with a key.
SELECT id FROM queue.job WHERE queue = @queue AND key = @key::text;

-- name: QueueClaim :many
SELECT c.id, c.seq, c.priority, c.kind, c.key, c.concurrency_key, c.attempt, c.max_attempts, c.redriven, c.claim_no, c.created_at, c.run_at,
    c.started_at, c.deadline_at, c.cancel_requested_at, c.traceparent, c.payload, c.checkpoint
FROM queue.claim(@worker_id::uuid, @claim_no::bigint, @queue::text, @kinds::text[], @max_jobs::integer,
                            @claimed_before::bigint, @priorities::smallint[], @marks::bigint[]) c;

-- name: QueueClaimDoomed :many
SELECT c.id, c.seq, c.priority, c.kind, c.key, c.concurrency_key, c.attempt, c.max_attempts, c.redriven, c.claim_no, c.created_at, c.run_at,
    c.started_at, c.deadline_at, c.cancel_requested_at, c.traceparent, c.payload, c.checkpoint
FROM queue.claim_doomed(@worker_id::uuid, @claim_no::bigint, @queue::text, @kinds::text[], @max_jobs::integer) c;

-- name: QueueHorizon :one
SELECT h.seq::bigint AS seq, h.next_xid::bigint AS next_xid, h.oldest_writer::bigint AS oldest_writer
FROM queue.horizon(@look_closely::boolean) h;

-- name: QueueScout :many
-- head is 0 if no job waits in the lane.
SELECT s.priority::smallint AS priority, coalesce(s.head, 0)::bigint AS head
FROM queue.scout(@queue::text, @priorities::smallint[], @marks::bigint[]) s;

-- name: QueueFinish :many
SELECT f::bigint FROM queue.finish(@worker_id::uuid, @ids::bigint[], @seqs::bigint[], @results::jsonb[], @outcome::queue.outcome, sqlc.narg(message)::text) f;

-- name: QueuePutBack :one
SELECT queue.put_back(@worker_id::uuid, @id::bigint, @seq::bigint, @delay::interval, sqlc.narg(message)::text, @even_cancelled::boolean)::boolean;

-- name: QueueHeldAndCancelled :one
SELECT EXISTS (
    SELECT FROM queue.job j
    WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid AND j.cancel_requested_at IS NOT NULL
);

-- name: QueueCheckpoint :execrows
UPDATE queue.job j
SET checkpoint = @checkpoint
WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid;

-- name: QueueProgress :exec
-- Fenced like the rest: what a worker tells of jobs that it lost changes nothing.
UPDATE queue.job j
SET progress = p.progress, stage = nullif(p.stage, '')
FROM ROWS FROM (unnest(@ids::bigint[]), unnest(@seqs::bigint[]), unnest(@progress::smallint[]), unnest(@stages::text[])) AS p (id, seq, progress, stage)
WHERE j.id = p.id AND j.seq = p.seq AND j.worker_id = @worker_id::uuid;

-- name: QueueCancel :one
-- Cancels the live job with a key: one that waits ends at once, a running one
-- is asked to stop. No row: there is none.
WITH target AS (
    SELECT t.id, t.state FROM queue.job t WHERE t.queue = @queue AND t.key = @key::text FOR UPDATE
), asked AS (
    UPDATE queue.job j SET cancel_requested_at = coalesce(j.cancel_requested_at, now())
    FROM target t WHERE j.id = t.id AND t.state = 'running'
    RETURNING j.id
)
SELECT t.id, (t.state <> 'running' AND EXISTS (SELECT FROM queue.end_waiting(ARRAY[t.id], 'cancelled', NULL)))::boolean AS ended
FROM target t;

-- name: QueueHeld :many
-- What a worker holds, of all its claims or of one.
SELECT id, seq, (cancel_requested_at IS NOT NULL)::boolean AS cancelled FROM queue.job
WHERE worker_id = @worker_id::uuid AND claim_no >= @first_claim AND claim_no <= @last_claim AND state = 'running';

-- name: QueueStanding :many
-- Which of the given jobs a worker still holds, and whether they are to be cancelled.
SELECT j.id, j.seq, (j.cancel_requested_at IS NOT NULL)::boolean AS cancelled FROM queue.job j
WHERE j.id = ANY (@ids::bigint[]) AND j.worker_id = @worker_id::uuid;

-- name: QueuePromote :one
-- next_in is in seconds: far in the future if there is no next one, negative if it
-- is due and somebody else has it locked.
SELECT p.promoted::integer AS promoted, coalesce(extract(epoch FROM p.next_at - clock_timestamp()), 1e9)::float8 AS next_in, clock_timestamp()::timestamptz AS now
FROM queue.promote(@queue::text, @after::timestamptz, @max_jobs::integer) p;

-- name: QueueUnblockNoted :one
SELECT queue.unblock_noted()::integer;

-- name: QueuePark :one
SELECT queue.park(@queue::text, @priorities::smallint[], @marks::bigint[], @max_jobs::integer)::integer;

-- name: QueueUnpark :one
SELECT queue.unpark(@queue::text, @kinds::text[], @max_jobs::integer)::integer;

-- name: QueueRegisterWorker :exec
INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency)
VALUES (@id, @host, @pid, @version, @queue, @kinds, @concurrency);

-- name: QueueRegisterKinds :exec
WITH named AS (
    INSERT INTO queue.queue (name) VALUES (@queue::text) ON CONFLICT DO NOTHING
), input AS (
    SELECT i.* FROM ROWS FROM (unnest(@kinds::text[]), unnest(@has_hook::boolean[])) AS i (kind, has_hook)
)
INSERT INTO queue.kind (queue, kind, has_hook)
SELECT @queue::text, k.kind, k.has_hook FROM input k
ON CONFLICT (queue, kind) DO UPDATE SET has_hook = excluded.has_hook
WHERE kind.has_hook IS DISTINCT FROM excluded.has_hook;

-- name: QueueHeartbeat :execrows
-- No row: the worker was declared dead.
UPDATE queue.worker
SET heartbeat_at = now(), mean_run_ms = @mean_run_ms, running = @running, claim_floor = @claim_floor, concurrency = @concurrency
WHERE id = @id AND dead_at IS NULL;

-- name: QueueRemoveWorker :exec
-- The row stays for an hour, in case that a claim is still under way.
UPDATE queue.worker SET dead_at = now(), running = 0, claim_floor = @claim_floor WHERE id = @id AND dead_at IS NULL;

-- name: QueueRescue :many
SELECT r.id::bigint AS id, r.queue::text AS queue, r.priority::smallint AS priority FROM queue.rescue(@dead_after::interval) r;

-- name: QueueSettings :one
SELECT (paused_at IS NOT NULL)::boolean AS paused, worker_concurrency, max_running, rate_limit, rate_window, fair_every
FROM queue.queue WHERE name = @name;

-- name: QueueDefaults :exec
-- Gives a queue its settings if nobody has yet.
INSERT INTO queue.queue (name, rate_limit, rate_window, max_running)
VALUES (@name, sqlc.narg(rate_limit), sqlc.narg(rate_window), sqlc.narg(max_running))
ON CONFLICT DO NOTHING;

-- name: QueueNextClaim :one
-- How long until the limits of a queue let a job run, if no other ends before;
-- -1: they do now, or that depends on other jobs only.
SELECT coalesce(queue.next_claim(@queue::text), -1)::float8 AS seconds;

-- name: QueueLanes :many
SELECT priority, mark FROM queue.lane WHERE queue = @queue ORDER BY priority;

-- name: QueueSaveLanes :exec
-- Tells readers, and workers that start, from where on jobs wait. The marks of
-- any worker hold for all.
WITH input AS (
    SELECT i.* FROM ROWS FROM (unnest(@priorities::smallint[]), unnest(@marks::bigint[])) AS i (priority, mark)
)
INSERT INTO queue.lane AS l (queue, priority, mark)
SELECT @queue::text, n.priority, n.mark FROM input n
ON CONFLICT (queue, priority) DO UPDATE SET mark = excluded.mark
WHERE excluded.mark > l.mark;

-- name: QueueCountLanes :exec
-- Counts what waits, for readers who cannot wait for a count of millions; unless
-- another worker has just done so.
WITH mine AS (
    SELECT l.queue, l.priority, l.mark FROM queue.lane l
    WHERE l.queue = @queue AND l.counted_at < clock_timestamp() - @max_age::interval
    FOR UPDATE SKIP LOCKED
)
UPDATE queue.lane l
SET counted_at = clock_timestamp(), waiting = (
    SELECT count(*) FROM queue.job j
    WHERE j.queue = m.queue AND j.state = 'waiting' AND j.priority = m.priority AND j.seq >= m.mark)
FROM mine m
WHERE l.queue = m.queue AND l.priority = m.priority;

-- name: QueueAddMetrics :exec
-- One lane a time; waits and runs are histograms.
INSERT INTO queue.metric (worker_id, queue, priority, completed, failed, cancelled, retried, snoozed, rescued, waits, runs)
VALUES (@worker_id, @queue, @priority, @completed, @failed, @cancelled, @retried, @snoozed, @rescued, @waits, @runs);

-- name: QueueLine :one
-- Where the live job with a key stands. ahead counts at most max_ahead jobs, and
-- so does its turn among those that are blocked by the same concurrency key.
SELECT j.id, j.state, j.attempt, coalesce(j.concurrency_limit, 0)::smallint AS concurrency_limit,
    CASE WHEN j.state = 'blocked' THEN (
        SELECT count(*) FROM (
            SELECT FROM queue.job b
            WHERE b.queue = j.queue AND b.concurrency_key = j.concurrency_key AND b.state = 'blocked'
              AND (b.priority, b.seq) <= (j.priority, j.seq)
            LIMIT @max_ahead) t)
    ELSE 0 END::bigint AS turn,
    CASE WHEN j.state = 'running' THEN 0 ELSE queue.ahead(j.queue, j.priority, j.seq, @max_ahead::integer) END::bigint AS ahead
FROM queue.job j
WHERE j.queue = @queue AND j.key = @key::text;

-- name: QueueCapacity :one
-- What the live workers of a queue can do, and how much of it is in use.
SELECT count(*) AS workers, coalesce(sum(w.concurrency), 0)::bigint AS slots,
    coalesce(avg(w.mean_run_ms) FILTER (WHERE w.mean_run_ms > 0), 0)::float8 AS mean_run_ms,
    queue.count_running(@queue)::bigint AS running
FROM queue.worker w
WHERE w.queue = @queue AND w.dead_at IS NULL AND w.heartbeat_at >= now() - @dead_after::interval;

-- name: QueueDepth :one
-- How many jobs wait and run. Up to max_count of a priority are counted; beyond
-- that the workers' last count is taken.
SELECT (SELECT coalesce(sum(d.waiting), 0) FROM queue.depth(@queue::text, @max_count::integer) d)::bigint AS waiting,
    queue.count_running(@queue)::bigint AS running;

-- name: QueueSchedulesDue :many
-- Schedules whose next time has come or has not been worked out, locked so that
-- one worker at a time deals with each.
SELECT *, clock_timestamp()::timestamptz AS now FROM queue.schedule
WHERE queue = @queue AND paused_at IS NULL AND error IS NULL AND (next_at IS NULL OR next_at <= clock_timestamp())
ORDER BY next_at NULLS FIRST
LIMIT 100
FOR UPDATE SKIP LOCKED;

-- name: QueueScheduleAdvance :exec
UPDATE queue.schedule SET next_at = sqlc.narg(next_at), last_at = coalesce(sqlc.narg(last_at), last_at), error = sqlc.narg(error)
WHERE name = @name;

-- name: QueueScheduleNext :one
-- Seconds until the next schedule of a queue is due; -1: there is none.
SELECT coalesce(extract(epoch FROM min(next_at) - clock_timestamp()), -1)::float8 AS seconds
FROM queue.schedule WHERE queue = @queue AND paused_at IS NULL AND error IS NULL;

-- name: QueueScheduleSet :exec
-- Defines a schedule; one that has not changed keeps its next time.
INSERT INTO queue.schedule AS s (name, queue, kind, cron, timezone, missed, overlap, priority, max_attempts, payload)
VALUES (@name, @queue, @kind, @cron, @timezone, @missed, @overlap, @priority, @max_attempts, @payload)
ON CONFLICT (name) DO UPDATE SET queue = excluded.queue, kind = excluded.kind, cron = excluded.cron, timezone = excluded.timezone,
    missed = excluded.missed, overlap = excluded.overlap, priority = excluded.priority, max_attempts = excluded.max_attempts,
    payload = excluded.payload, updated_at = now(), error = NULL,
    next_at = CASE WHEN s.cron = excluded.cron AND s.timezone = excluded.timezone THEN s.next_at END
WHERE (s.queue, s.kind, s.cron, s.timezone, s.missed, s.overlap, s.priority, s.max_attempts, s.payload)
    IS DISTINCT FROM (excluded.queue, excluded.kind, excluded.cron, excluded.timezone, excluded.missed, excluded.overlap,
                      excluded.priority, excluded.max_attempts, excluded.payload);

-- name: QueueUpkeep :exec
-- Makes partitions ahead and drops expired ones. Dropping comes first, so that
-- locks are taken from the parent down, as those who read the history do.
SELECT partition.drop_expired('queue.job_completed', '1 hour', s.completed_keep, s.completed_keep_rows),
       partition.ensure('queue.job_completed', '1 hour', 3),
       partition.drop_expired('queue.job_ended', '1 day', s.ended_keep),
       partition.ensure('queue.job_ended', '1 day', 3),
       partition.drop_expired('queue.metric', '1 hour', s.metric_keep),
       partition.ensure('queue.metric', '1 hour', 3),
       queue.unblock_all(),
       (SELECT count(*) FROM queue.rescue_orphans())
FROM queue.setting s;
