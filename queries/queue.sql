-- name: QueueEnqueue :one
-- Enqueues one job. No row: there is a live job with its key.
INSERT INTO queue.job (queue, kind, key, priority, max_attempts, run_at, state, traceparent, payload)
VALUES (@queue, @kind, sqlc.narg(key), @priority, @max_attempts,
        now() + @delay::interval,
        CASE WHEN @delay::interval > '0' THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
        sqlc.narg(traceparent), @payload)
ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING
RETURNING id;

-- name: QueueFind :one
-- The live job with a key.
SELECT id FROM queue.job WHERE queue = @queue AND key = @key::text;

-- name: QueueClaim :many
-- Takes up to max_jobs waiting jobs for a worker, best priority first. Rows are
-- picked and updated by tuple id: a join on id would let a generic plan fall
-- to a sequential scan. A job picked here cannot change before the update,
-- because the sub-select holds its lock.
UPDATE queue.job j
SET state = 'running', worker_id = @worker_id::uuid, attempt = j.attempt + 1, started_at = clock_timestamp()
WHERE j.ctid = ANY (ARRAY(
    SELECT p.ctid FROM queue.job p
    WHERE p.queue = @queue AND p.state = 'waiting' AND p.kind = ANY (@kinds::text[])
    ORDER BY p.priority, p.seq
    LIMIT @max_jobs
    FOR UPDATE SKIP LOCKED
))
RETURNING j.id, j.seq, j.priority, j.kind, j.key, j.attempt, j.max_attempts, j.created_at, j.started_at,
    j.cancel_requested_at, j.traceparent, j.payload, j.checkpoint, j.errors;

-- name: QueueComplete :many
-- Moves jobs that this worker holds to the history, and returns those that it
-- really held. Here and below a worker names what it holds by (id, seq,
-- worker): a job draws a new seq whenever it stops running, so that one who
-- held it earlier, even the same worker, has no more say.
WITH done AS (
    SELECT unnest(@ids::bigint[]) AS id, unnest(@seqs::bigint[]) AS seq, unnest(@results::jsonb[]) AS result
), gone AS (
    DELETE FROM queue.job j
    WHERE j.id = ANY (@ids::bigint[]) AND j.worker_id = @worker_id::uuid AND j.state = 'running'
      AND (j.id, j.seq) IN (SELECT d.id, d.seq FROM done d)
    RETURNING j.*
)
INSERT INTO queue.job_history (id, outcome, created_at, started_at, worker_id, priority, attempt, max_attempts,
                               queue, kind, key, traceparent, payload, result, errors)
SELECT g.id, 'completed', g.created_at, g.started_at, g.worker_id, g.priority, g.attempt, g.max_attempts,
       g.queue, g.kind, g.key, g.traceparent, g.payload, d.result, g.errors
FROM gone g JOIN done d ON d.id = g.id AND d.seq = g.seq
RETURNING id;

-- name: QueueEnd :many
-- Ends a job that this worker holds without success. No row: it holds it no more.
WITH gone AS (
    DELETE FROM queue.job j
    WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid AND j.state = 'running'
    RETURNING j.*
)
INSERT INTO queue.job_history (id, outcome, created_at, started_at, worker_id, priority, attempt, max_attempts,
                               queue, kind, key, traceparent, payload, errors)
SELECT g.id, @outcome, g.created_at, g.started_at, g.worker_id, g.priority, g.attempt, g.max_attempts,
       g.queue, g.kind, g.key, g.traceparent, g.payload,
       CASE WHEN @message::text = '' THEN g.errors ELSE queue.add_error(g.errors, g.attempt, g.worker_id, @message) END
FROM gone g
RETURNING id;

-- name: QueueRetry :execrows
-- Puts a job that this worker holds off for another attempt, unless somebody
-- wants it cancelled.
UPDATE queue.job j
SET state = 'scheduled', worker_id = NULL, run_at = now() + @delay::interval, seq = queue.draw_seq(),
    errors = queue.add_error(j.errors, j.attempt, j.worker_id, @message)
WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid AND j.state = 'running'
  AND j.cancel_requested_at IS NULL;

-- name: QueueRelease :execrows
-- Gives a job that this worker holds back as if it had not been taken; one that
-- somebody wants cancelled only if told so.
UPDATE queue.job j
SET state = CASE WHEN @delay::interval > '0' THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
    worker_id = NULL, started_at = NULL, attempt = j.attempt - 1,
    run_at = now() + @delay::interval, seq = queue.draw_seq()
WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid AND j.state = 'running'
  AND (@even_cancelled::boolean OR j.cancel_requested_at IS NULL);

-- name: QueueCheckpoint :execrows
UPDATE queue.job j
SET checkpoint = @checkpoint
WHERE j.id = @id AND j.seq = @seq AND j.worker_id = @worker_id::uuid AND j.state = 'running';

-- name: QueueCancel :one
-- Cancels the live job with a key: one that waits ends at once, a running one
-- is asked to stop. No row: there is none.
WITH target AS (
    SELECT t.id, t.state FROM queue.job t WHERE t.queue = @queue AND t.key = @key::text FOR UPDATE
), gone AS (
    DELETE FROM queue.job j USING target t
    WHERE j.id = t.id AND t.state <> 'running'
    RETURNING j.*
), kept AS (
    INSERT INTO queue.job_history (id, outcome, created_at, started_at, worker_id, priority, attempt, max_attempts,
                                   queue, kind, key, traceparent, payload, errors)
    SELECT g.id, 'cancelled', g.created_at, g.started_at, g.worker_id, g.priority, g.attempt, g.max_attempts,
           g.queue, g.kind, g.key, g.traceparent, g.payload, g.errors
    FROM gone g
), asked AS (
    UPDATE queue.job j SET cancel_requested_at = coalesce(j.cancel_requested_at, now())
    FROM target t WHERE j.id = t.id AND t.state = 'running'
    RETURNING j.id
)
SELECT g.id, true AS ended FROM gone g
UNION ALL
SELECT a.id, false FROM asked a;

-- name: QueueHeld :many
-- What a worker holds, for one that may not know.
SELECT id, seq, (cancel_requested_at IS NOT NULL)::boolean AS cancelled FROM queue.job
WHERE worker_id = @worker_id::uuid AND state = 'running';

-- name: QueuePromote :execrows
-- Makes scheduled jobs that are due ready; each draws a new place in line.
UPDATE queue.job j
SET state = 'waiting', seq = queue.draw_seq()
WHERE j.ctid = ANY (ARRAY(
    SELECT p.ctid FROM queue.job p
    WHERE p.state = 'scheduled' AND p.run_at <= now()
    ORDER BY p.run_at
    LIMIT @max_jobs
    FOR UPDATE SKIP LOCKED
));

-- name: QueueRegisterWorker :exec
INSERT INTO queue.worker (id, host, pid, version, queue, kinds, concurrency)
VALUES (@id, @host, @pid, @version, @queue, @kinds, @concurrency);

-- name: QueueHeartbeat :execrows
-- No row: the worker was declared dead.
UPDATE queue.worker SET heartbeat_at = now(), mean_run_ms = @mean_run_ms WHERE id = @id;

-- name: QueueRemoveWorker :exec
DELETE FROM queue.worker WHERE id = @id;

-- name: QueueRescue :many
-- Declares silent workers dead and gives back every running job whose worker
-- has no row any more. That includes a job whose claim was committed only after
-- its worker had been declared dead. The attempt stays counted. It waits for no
-- lock, because the caller has a heartbeat to keep: what is locked comes next
-- time. The join on seq spares a job that somebody else has rescued, and
-- another worker taken, since this statement began.
WITH dead AS (
    DELETE FROM queue.worker w
    WHERE w.id IN (
        SELECT s.id FROM queue.worker s
        WHERE s.heartbeat_at < now() - @dead_after::interval
        FOR UPDATE SKIP LOCKED)
    RETURNING w.id
), orphan AS MATERIALIZED (
    SELECT r.id, r.seq FROM queue.job r
    WHERE r.state = 'running'
      AND (r.worker_id IN (SELECT d.id FROM dead d)
           OR NOT EXISTS (SELECT FROM queue.worker w WHERE w.id = r.worker_id))
), taken AS (
    SELECT t.id FROM queue.job t JOIN orphan o ON o.id = t.id AND o.seq = t.seq
    WHERE t.state = 'running'
    FOR UPDATE OF t SKIP LOCKED
)
UPDATE queue.job j
SET state = 'waiting', worker_id = NULL, seq = queue.draw_seq(),
    errors = queue.add_error(j.errors, j.attempt, j.worker_id, 'The worker died.')
FROM taken t
WHERE j.id = t.id
RETURNING j.id, j.queue;

-- name: QueueLine :one
-- Where the live job with a key stands. ahead counts at most max_ahead jobs.
SELECT j.id, j.state, j.attempt,
    (SELECT count(*) FROM (
        SELECT FROM queue.job a
        WHERE a.queue = j.queue AND a.state = 'waiting' AND (a.priority, a.seq) < (j.priority, j.seq)
        LIMIT @max_ahead) t) AS ahead
FROM queue.job j
WHERE j.queue = @queue AND j.key = @key::text;

-- name: QueueCapacity :one
-- What the live workers of a queue can do, and how much of it is in use.
SELECT count(*) AS workers, coalesce(sum(w.concurrency), 0)::bigint AS slots,
    coalesce(avg(w.mean_run_ms) FILTER (WHERE w.mean_run_ms > 0), 0)::float8 AS mean_run_ms,
    (SELECT count(*) FROM queue.job j WHERE j.state = 'running' AND j.queue = @queue) AS running
FROM queue.worker w
WHERE w.queue = @queue AND w.heartbeat_at >= now() - @dead_after::interval;

-- name: QueueDepth :one
-- How many jobs wait and run, each counted up to max_count.
SELECT
    (SELECT count(*) FROM (SELECT FROM queue.job w WHERE w.queue = @queue AND w.state = 'waiting' LIMIT @max_count) t) AS waiting,
    (SELECT count(*) FROM (SELECT FROM queue.job r WHERE r.queue = @queue AND r.state = 'running' LIMIT @max_count) t) AS running;

-- name: QueueUpkeep :exec
-- Makes partitions ahead and drops expired ones. Dropping comes first, so that
-- locks are taken from the parent down, as those who read the history do.
SELECT partition.drop_expired('queue.job_completed', '1 hour', '1 hour', 1000),
       partition.ensure('queue.job_completed', '1 hour', 3),
       partition.drop_expired('queue.job_ended', '1 day', '7 days'),
       partition.ensure('queue.job_ended', '1 day', 3);
