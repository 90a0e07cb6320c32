-- name: QueueEnqueue :one
-- Enqueues one job, or finds the live job that has its key. No row: a job with
-- the key was committed after this statement began; run it again.
WITH new AS (
    INSERT INTO queue.job (queue, kind, key, priority, max_attempts, run_at, state, traceparent, payload)
    VALUES (@queue, @kind, sqlc.narg(key), @priority, @max_attempts,
            now() + @delay::interval,
            CASE WHEN @delay::interval > '0' THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
            sqlc.narg(traceparent), @payload)
    ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING
    RETURNING id
)
SELECT id, true AS inserted FROM new
UNION ALL
SELECT j.id, false FROM queue.job j
WHERE j.queue = @queue AND j.key = sqlc.narg(key)::text AND NOT EXISTS (SELECT FROM new);

-- name: QueueClaim :many
-- Takes up to @max waiting jobs for a worker, best priority first. Rows are
-- picked and updated by tuple id: a join on id would let a generic plan fall
-- to a sequential scan. A job picked here cannot change before the update,
-- because the sub-select holds its lock.
UPDATE queue.job j
SET state = 'running', worker_id = @worker_id::uuid, attempt = j.attempt + 1, started_at = clock_timestamp()
WHERE j.ctid = ANY (ARRAY(
    SELECT p.ctid FROM queue.job p
    WHERE p.queue = @queue AND p.state = 'waiting' AND p.kind = ANY (@kinds::text[])
    ORDER BY p.priority, p.seq
    LIMIT @max
    FOR UPDATE SKIP LOCKED
))
RETURNING j.id, j.seq, j.priority, j.kind, j.key, j.attempt, j.max_attempts, j.created_at, j.run_at,
    j.cancel_requested_at, j.traceparent, j.payload, j.checkpoint, j.errors;
