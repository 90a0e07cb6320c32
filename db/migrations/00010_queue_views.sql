-- What people see of the queue: views, the functions that they count with, and
-- a comment on every column.
--
-- Views read the tables with the rights of their owner. Functions that a view
-- calls run with the rights of the caller instead, so the ones that read tables
-- are SECURITY DEFINER; they only read.

-- +goose Up

-- Comments that the tables still lack. They are true before this migration too, so
-- that going down leaves them.
COMMENT ON SEQUENCE queue.job_id_seq IS 'Ids of jobs.';
COMMENT ON COLUMN queue.job.id IS 'Identifies the job, live and in the history.';
COMMENT ON COLUMN queue.job.created_at IS 'When it was enqueued.';
COMMENT ON COLUMN queue.job.started_at IS 'When its latest attempt began.';
COMMENT ON COLUMN queue.job.state IS 'waiting, scheduled, running, blocked or parked; see the comment on type queue.job_state.';
COMMENT ON COLUMN queue.job.max_attempts IS 'After so many failed attempts it fails for good.';
COMMENT ON COLUMN queue.job.queue IS 'The queue that it is in.';
COMMENT ON COLUMN queue.job.kind IS 'What kind of work it is: workers have a handler for each kind.';
COMMENT ON COLUMN queue.job_history.id IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.outcome IS 'How it ended: completed, failed or cancelled.';
COMMENT ON COLUMN queue.job_history.finished_at IS 'When it ended.';
COMMENT ON COLUMN queue.job_history.created_at IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.started_at IS 'As in queue.job; null if it never ran.';
COMMENT ON COLUMN queue.job_history.worker_id IS 'The worker that ended it; null if it ended while it waited.';
COMMENT ON COLUMN queue.job_history.priority IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.attempt IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.max_attempts IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.queue IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.kind IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.key IS 'As in queue.job, though not unique here.';
COMMENT ON COLUMN queue.job_history.traceparent IS 'As in queue.job.';
COMMENT ON COLUMN queue.job_history.payload IS 'As in queue.job.';
COMMENT ON TABLE queue.job_completed_default IS 'Completed jobs that came while nobody made partitions. Making them moves the rows.';
COMMENT ON TABLE queue.job_ended_default IS 'Failed and cancelled jobs that came while nobody made partitions. Making them moves the rows.';
COMMENT ON TABLE queue.metric_default IS 'Metrics that came while nobody made partitions. Making them moves the rows.';
COMMENT ON COLUMN queue.worker.id IS 'Drawn anew at each start.';
COMMENT ON COLUMN queue.worker.host IS 'The machine that it runs on.';
COMMENT ON COLUMN queue.worker.pid IS 'Its process id there.';
COMMENT ON COLUMN queue.worker.version IS 'The version of its program.';
COMMENT ON COLUMN queue.worker.queue IS 'The queue that it serves. A process that serves several has a row for each.';
COMMENT ON COLUMN queue.worker.kinds IS 'The kinds that it has a handler for.';
COMMENT ON COLUMN queue.worker.started_at IS 'When it began to work.';
COMMENT ON COLUMN queue.worker.heartbeat_at IS 'When it said last that it lives, which it does every few seconds.';
COMMENT ON COLUMN queue.queue.name IS 'The queue.';
COMMENT ON COLUMN queue.queue.created_at IS 'When its first worker registered, or somebody set something.';
COMMENT ON COLUMN queue.queue.updated_at IS 'When a setting changed last.';
COMMENT ON COLUMN queue.queue.rate_window IS 'See rate_limit.';
COMMENT ON COLUMN queue.lane.queue IS 'The queue.';
COMMENT ON COLUMN queue.lane.priority IS 'The priority.';
COMMENT ON COLUMN queue.lane.counted_at IS 'When a worker counted the lane last.';
COMMENT ON COLUMN queue.kind.queue IS 'The queue.';
COMMENT ON COLUMN queue.kind.kind IS 'The kind.';
COMMENT ON COLUMN queue.rate.queue IS 'The queue.';
COMMENT ON COLUMN queue.rate.version IS 'Grows with each change.';
COMMENT ON COLUMN queue.rate.at IS 'Times of recent claims.';
COMMENT ON COLUMN queue.rate.n IS 'How many jobs were claimed at each of those times.';
COMMENT ON COLUMN queue.unblock_note.queue IS 'The queue.';
COMMENT ON COLUMN queue.unblock_note.concurrency_key IS 'The key to look at.';
COMMENT ON COLUMN queue.setting.one IS 'Always true, so that there is one row.';
COMMENT ON COLUMN queue.metric.at IS 'When the worker wrote it.';
COMMENT ON COLUMN queue.metric.worker_id IS 'The worker.';
COMMENT ON COLUMN queue.metric.queue IS 'The queue.';
COMMENT ON COLUMN queue.metric.priority IS 'The priority.';
COMMENT ON COLUMN queue.metric.completed IS 'Jobs that completed.';
COMMENT ON COLUMN queue.metric.failed IS 'Jobs that failed for good.';
COMMENT ON COLUMN queue.metric.cancelled IS 'Jobs that were cancelled.';
COMMENT ON COLUMN queue.metric.retried IS 'Attempts that failed and will be repeated.';
COMMENT ON COLUMN queue.metric.snoozed IS 'Attempts that asked to be called again later.';
COMMENT ON COLUMN queue.metric.rescued IS 'Jobs that were taken back from dead workers.';
COMMENT ON COLUMN queue.schedule.name IS 'Identifies the schedule.';
COMMENT ON COLUMN queue.schedule.queue IS 'The queue of its jobs.';
COMMENT ON COLUMN queue.schedule.kind IS 'The kind of its jobs.';
COMMENT ON COLUMN queue.schedule.priority IS 'The priority of its jobs.';
COMMENT ON COLUMN queue.schedule.max_attempts IS 'How often each of its jobs is tried.';
COMMENT ON COLUMN queue.schedule.payload IS 'What the handler of its jobs gets.';
COMMENT ON COLUMN queue.schedule.updated_at IS 'When it was changed last.';

-- Live jobs.

CREATE VIEW queue.jobs AS
SELECT j.id, j.queue, j.kind, j.key, j.state, j.priority, j.attempt, j.max_attempts, j.created_at, j.run_at, j.started_at, j.deadline_at,
    CASE j.state
        WHEN 'scheduled' THEN NULL
        WHEN 'running' THEN greatest(j.started_at - j.run_at, '0')
        ELSE greatest(statement_timestamp() - j.run_at, '0')
    END AS waited,
    statement_timestamp() - j.created_at AS age,
    j.worker_id, j.progress, j.stage, j.concurrency_key, j.concurrency_limit,
    j.cancel_requested_at IS NOT NULL AS cancelling,
    j.redriven, j.by_hand,
    j.errors -> -1 ->> 'error' AS last_error,
    -- The first thing that holds it up. Sub-queries instead of joins: they cost
    -- nothing where nobody asks why.
    CASE
        WHEN j.state = 'running' THEN NULL
        WHEN j.cancel_requested_at IS NOT NULL THEN 'Is being cancelled.'
        WHEN j.deadline_at <= statement_timestamp() THEN 'Its deadline has passed: it will fail.'
        WHEN j.state = 'scheduled' AND j.run_at > statement_timestamp() THEN
            'Scheduled for ' || date_trunc('second', j.run_at) || CASE WHEN j.attempt > 0 THEN ', after a failed attempt.' ELSE '.' END
        WHEN (SELECT q.paused_at IS NOT NULL FROM queue.queue q WHERE q.name = j.queue) THEN 'The queue is paused.'
        WHEN NOT EXISTS (SELECT FROM queue.worker w
                         WHERE w.queue = j.queue AND w.dead_at IS NULL AND w.heartbeat_at > statement_timestamp() - interval '15 seconds')
            THEN 'No live worker serves this queue.'
        WHEN NOT EXISTS (SELECT FROM queue.worker w
                         WHERE w.queue = j.queue AND w.dead_at IS NULL AND w.heartbeat_at > statement_timestamp() - interval '15 seconds'
                           AND j.kind = ANY (w.kinds))
            THEN 'No live worker knows kind ' || j.kind || '.'
        WHEN j.state = 'blocked' THEN
            (SELECT count(*) FROM queue.job o
             WHERE o.queue = j.queue AND o.concurrency_key = j.concurrency_key AND o.state IN ('waiting', 'running'))
            || ' of at most ' || j.concurrency_limit || ' jobs with concurrency key ' || j.concurrency_key || ' wait or run already.'
        WHEN j.state <> 'waiting' THEN 'Is due: a worker will put it in line in a moment.'
        WHEN (SELECT sum(w.running) >= min(q.max_running) FROM queue.queue q JOIN queue.worker w ON w.queue = q.name
              WHERE q.name = j.queue AND w.dead_at IS NULL)
            THEN 'Waits its turn: as many jobs run as max_running of the queue lets.'
        ELSE 'Waits its turn.'
    END AS why
FROM queue.job j;
COMMENT ON VIEW queue.jobs IS 'All jobs that have not ended.';
COMMENT ON COLUMN queue.jobs.waited IS 'How long it has been ready without running; for a running job, how long it had been; null while it is scheduled.';
COMMENT ON COLUMN queue.jobs.age IS 'Time since it was enqueued.';
COMMENT ON COLUMN queue.jobs.cancelling IS 'Somebody has cancelled it, and a worker will end it.';
COMMENT ON COLUMN queue.jobs.last_error IS 'Why its latest failed attempt failed.';
COMMENT ON COLUMN queue.jobs.why IS 'Why it does not run; null if it does.';

CREATE VIEW queue.waiting AS
SELECT row_number() OVER (PARTITION BY j.queue ORDER BY j.priority, j.seq) AS position,
    j.id, j.queue, j.kind, j.key, j.priority, j.attempt, j.max_attempts, j.created_at, j.run_at,
    greatest(statement_timestamp() - j.run_at, '0') AS waited,
    j.deadline_at, j.concurrency_key, j.concurrency_limit,
    j.cancel_requested_at IS NOT NULL AS cancelling, j.redriven
FROM queue.job j
WHERE j.state = 'waiting';
COMMENT ON VIEW queue.waiting IS 'Jobs that may run now, in the order in which workers take them. With LIMIT and no other order it reads only the head of each line.';
COMMENT ON COLUMN queue.waiting.position IS 'Its place in its queue, from 1. Some claims take the job that has waited longest instead (queue.queues.fair_every).';
COMMENT ON COLUMN queue.waiting.waited IS 'How long it has been ready.';
COMMENT ON COLUMN queue.waiting.cancelling IS 'Somebody has cancelled it, and a worker will end it.';

CREATE VIEW queue.running AS
SELECT j.id, j.queue, j.kind, j.key, j.priority, j.attempt, j.max_attempts, j.started_at,
    statement_timestamp() - j.started_at AS running_for,
    j.progress, j.stage, j.deadline_at, j.concurrency_key,
    j.cancel_requested_at IS NOT NULL AS cancelling,
    j.worker_id, w.host, w.pid,
    coalesce(w.dead_at IS NULL AND w.heartbeat_at > statement_timestamp() - interval '15 seconds', false) AS worker_alive,
    statement_timestamp() - w.heartbeat_at AS silence,
    j.errors -> -1 ->> 'error' AS last_error
FROM queue.job j
LEFT JOIN queue.worker w ON w.id = j.worker_id
WHERE j.state = 'running';
COMMENT ON VIEW queue.running IS 'Jobs that workers hold.';
COMMENT ON COLUMN queue.running.running_for IS 'How long its attempt has been running.';
COMMENT ON COLUMN queue.running.cancelling IS 'It has been asked to stop.';
COMMENT ON COLUMN queue.running.worker_alive IS 'Whether its worker has said within 15 seconds that it lives. If not, the job goes back as soon as another worker notices.';
COMMENT ON COLUMN queue.running.silence IS 'How long its worker has said nothing.';
COMMENT ON COLUMN queue.running.last_error IS 'Why its latest failed attempt failed.';

-- Ended jobs.

CREATE VIEW queue.history AS
SELECT h.id, h.outcome, h.queue, h.kind, h.key, h.priority, h.attempt, h.max_attempts, h.created_at, h.run_at, h.started_at, h.finished_at,
    -- One that ended without running may have run before.
    CASE WHEN h.started_at >= h.run_at THEN h.started_at - h.run_at END AS waited,
    CASE WHEN h.started_at >= h.run_at THEN h.finished_at - h.started_at END AS ran,
    h.finished_at - h.created_at AS took,
    h.worker_id, h.concurrency_key, h.redriven,
    h.errors -> -1 ->> 'error' AS last_error,
    h.traceparent AS trace
FROM queue.job_history h;
COMMENT ON VIEW queue.history IS 'Jobs that have ended, as long as they are kept.';
COMMENT ON COLUMN queue.history.waited IS 'How long it had been ready when its last attempt began; null if it never did.';
COMMENT ON COLUMN queue.history.ran IS 'How long its last attempt ran.';
COMMENT ON COLUMN queue.history.took IS 'Time from being enqueued to its end.';
COMMENT ON COLUMN queue.history.last_error IS 'Why its latest failed attempt failed.';
COMMENT ON COLUMN queue.history.trace IS 'W3C trace context of whoever enqueued it.';

CREATE VIEW queue.failed AS
SELECT h.id, h.queue, h.kind, h.key, h.finished_at, h.attempt, h.max_attempts,
    h.errors -> -1 ->> 'error' AS error,
    h.errors, h.redriven, h.priority, h.created_at,
    h.traceparent AS trace
FROM queue.job_history h
WHERE h.outcome = 'failed'
ORDER BY h.finished_at DESC;
COMMENT ON VIEW queue.failed IS 'Jobs that failed for good, the newest first: the dead letters. queue.retry and queue.redrive bring them back.';
COMMENT ON COLUMN queue.failed.error IS 'Why its last attempt failed.';
COMMENT ON COLUMN queue.failed.errors IS 'The last attempts that failed, oldest first: [{attempt, startedAt, at, worker, error}].';
COMMENT ON COLUMN queue.failed.trace IS 'W3C trace context of whoever enqueued it.';

-- Workers and schedules.

CREATE VIEW queue.workers AS
SELECT w.id, w.queue,
    CASE
        WHEN w.dead_at IS NOT NULL THEN 'dead'
        WHEN w.heartbeat_at > statement_timestamp() - interval '15 seconds' THEN 'alive'
        ELSE 'silent'
    END AS status,
    statement_timestamp() - w.heartbeat_at AS silence,
    w.running, w.concurrency, w.kinds, w.host, w.pid, w.version, w.mean_run_ms, w.started_at, w.heartbeat_at, w.dead_at
FROM queue.worker w;
COMMENT ON VIEW queue.workers IS 'Workers, and those that have gone within the last hour.';
COMMENT ON COLUMN queue.workers.status IS 'alive; silent: for 15 seconds or more, and no other worker has noticed yet; dead: declared dead, or it left in peace.';
COMMENT ON COLUMN queue.workers.silence IS 'How long it has said nothing.';

CREATE VIEW queue.schedules AS
SELECT s.name, s.queue, s.kind, s.cron, s.timezone,
    CASE WHEN s.error IS NOT NULL THEN 'broken' WHEN s.paused_at IS NOT NULL THEN 'paused' ELSE 'active' END AS state,
    s.next_at, s.next_at - statement_timestamp() AS due_in, s.last_at, s.missed, s.overlap, s.priority, s.max_attempts, s.paused_at, s.error, s.updated_at
FROM queue.schedule s;
COMMENT ON VIEW queue.schedules IS 'Jobs that are enqueued again and again.';
COMMENT ON COLUMN queue.schedules.state IS 'active, paused, or broken: see error.';
COMMENT ON COLUMN queue.schedules.due_in IS 'Time until next_at.';

-- Numbers. Whoever scrapes them every few seconds must not pay for the backlog,
-- nor for the history: everything is counted by index and up to a limit. The price
-- of a sequential scan that cannot be helped, of a short table without index, is so
-- high where they are off that Postgres would compile the plan each time.

CREATE FUNCTION queue.bucket_ms(i integer) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN 0.25 * power(2, i / 2.0::double precision);
COMMENT ON FUNCTION queue.bucket_ms(integer) IS 'The longest duration that bucket i of a histogram in queue.metric counts, in milliseconds. The last of the 64 buckets has no end.';

-- +goose StatementBegin
CREATE FUNCTION queue.percentile_ms(hist bigint[], p double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE WHEN count(*) > 0 THEN queue.bucket_ms(least(min(c.i), 63)::integer) END
    FROM (
        SELECT h.i, sum(h.n) OVER (ORDER BY h.i) AS so_far, sum(h.n) OVER () AS total
        FROM unnest(hist) WITH ORDINALITY AS h (n, i)) c
    WHERE c.total > 0 AND c.so_far >= p * c.total
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.percentile_ms(bigint[], double precision) IS 'A duration in milliseconds that the share p of those in a histogram do not exceed: the end of their bucket. Null if the histogram is empty.';

-- +goose StatementBegin
CREATE FUNCTION queue.known_queues() RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    known text;
    low text := '';
    found_queue text;
BEGIN
    FOR known IN
        SELECT q.name FROM queue.queue q UNION SELECT l.queue FROM queue.lane l UNION ALL SELECT NULL ORDER BY 1 NULLS LAST
    LOOP
        LOOP -- queues in between that no worker has registered, with jobs enqueued by hand
            IF known IS NULL THEN
                SELECT j.queue INTO found_queue FROM queue.job j WHERE j.state = 'waiting' AND j.queue > low
                ORDER BY j.queue, j.priority, j.seq LIMIT 1;
            ELSE
                SELECT j.queue INTO found_queue FROM queue.job j WHERE j.state = 'waiting' AND j.queue > low AND j.queue < known
                ORDER BY j.queue, j.priority, j.seq LIMIT 1;
            END IF;
            EXIT WHEN NOT FOUND;
            RETURN NEXT found_queue;
            low := found_queue;
        END LOOP;
        EXIT WHEN known IS NULL;
        RETURN NEXT known;
        low := known;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.known_queues() IS 'Queues that have settings, that workers have served, or in which jobs wait.';

-- +goose StatementBegin
CREATE FUNCTION queue.measure(of_queue text, max_count integer,
    OUT priority smallint, OUT waiting bigint, OUT waiting_exact boolean, OUT oldest_at timestamptz, OUT running bigint)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        WITH lane AS (
            SELECT d.priority, d.waiting, d.exact, d.oldest_at FROM queue.depth(of_queue, max_count) d
        ), held AS (
            SELECT j.priority, count(*) AS n
            FROM queue.worker w JOIN queue.job j ON j.worker_id = w.id AND j.claim_no >= w.claim_floor
            WHERE j.state = 'running' AND j.queue = of_queue
            GROUP BY j.priority
        )
        SELECT coalesce(l.priority, h.priority), coalesce(l.waiting, 0), coalesce(l.exact, true), l.oldest_at, coalesce(h.n, 0)
        FROM lane l FULL JOIN held h ON h.priority = l.priority
        ORDER BY 1;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.measure(text, integer) IS 'For each priority of a queue how many jobs wait and run, and since when the first waiting one has been ready. What is more than max_count is as the workers counted it last.';

-- +goose StatementBegin
CREATE FUNCTION queue.count_held_up(of_queue text, max_count integer, OUT scheduled bigint, OUT blocked bigint, OUT parked bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
BEGIN
    SELECT count(*) INTO scheduled FROM (SELECT FROM queue.job j WHERE j.queue = of_queue AND j.state = 'scheduled' LIMIT max_count) t;
    SELECT count(*) INTO blocked FROM (SELECT FROM queue.job j WHERE j.queue = of_queue AND j.state = 'blocked' LIMIT max_count) t;
    SELECT count(*) INTO parked FROM (SELECT FROM queue.job j WHERE j.queue = of_queue AND j.state = 'parked' LIMIT max_count) t;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.count_held_up(text, integer) IS 'How many jobs of a queue are scheduled, blocked and parked; each counted up to max_count.';

CREATE VIEW queue.stats AS
WITH recent AS MATERIALIZED (
    SELECT m.* FROM queue.metric m WHERE m.at > statement_timestamp() - interval '5 minutes'
), ended AS (
    SELECT r.queue, r.priority, sum(r.completed) AS completed, sum(r.failed) AS failed, sum(r.retried) AS retried,
        sum(r.snoozed) AS snoozed, sum(r.cancelled) AS cancelled, sum(r.rescued) AS rescued
    FROM recent r GROUP BY r.queue, r.priority
), durations AS (
    SELECT b.queue, b.priority, array_agg(b.waits ORDER BY b.i) AS waits, array_agg(b.runs ORDER BY b.i) AS runs
    FROM (
        SELECT r.queue, r.priority, h.i, coalesce(sum(h.wait), 0)::bigint AS waits, coalesce(sum(h.run), 0)::bigint AS runs
        FROM recent r CROSS JOIN LATERAL unnest(r.waits, r.runs) WITH ORDINALITY AS h (wait, run, i)
        GROUP BY r.queue, r.priority, h.i) b
    GROUP BY b.queue, b.priority
), lane AS (
    SELECT n.name AS queue, m.priority, m.waiting, m.waiting_exact, m.oldest_at, m.running
    FROM queue.known_queues() AS n (name), queue.measure(n.name, 1000) AS m (priority, waiting, waiting_exact, oldest_at, running)
)
SELECT coalesce(l.queue, e.queue) AS queue, coalesce(l.priority, e.priority) AS priority,
    coalesce(l.waiting, 0) AS waiting, coalesce(l.waiting_exact, true) AS waiting_exact,
    CASE WHEN l.oldest_at IS NOT NULL THEN greatest(statement_timestamp() - l.oldest_at, '0') END AS oldest_wait,
    coalesce(l.running, 0) AS running,
    queue.percentile_ms(d.waits, 0.5) AS wait_p50_ms, queue.percentile_ms(d.waits, 0.95) AS wait_p95_ms, queue.percentile_ms(d.waits, 0.99) AS wait_p99_ms,
    queue.percentile_ms(d.runs, 0.5) AS run_p50_ms, queue.percentile_ms(d.runs, 0.95) AS run_p95_ms, queue.percentile_ms(d.runs, 0.99) AS run_p99_ms,
    coalesce(e.completed, 0)::double precision / 300 AS completed_per_s,
    coalesce(e.failed, 0) AS failed, coalesce(e.retried, 0) AS retried, coalesce(e.snoozed, 0) AS snoozed,
    coalesce(e.cancelled, 0) AS cancelled, coalesce(e.rescued, 0) AS rescued
FROM lane l
FULL JOIN ended e ON e.queue = l.queue AND e.priority = l.priority
LEFT JOIN durations d ON d.queue = e.queue AND d.priority = e.priority
ORDER BY 1, 2;
COMMENT ON VIEW queue.stats IS 'Each queue and priority in numbers, cheap enough to read every few seconds. What ended is of the last five minutes, written by workers every few seconds.';
COMMENT ON COLUMN queue.stats.queue IS 'The queue.';
COMMENT ON COLUMN queue.stats.priority IS 'The priority.';
COMMENT ON COLUMN queue.stats.waiting IS 'Jobs that may run now. From 1,000 on as the workers counted them last.';
COMMENT ON COLUMN queue.stats.waiting_exact IS 'Whether waiting was counted just now.';
COMMENT ON COLUMN queue.stats.oldest_wait IS 'How long the first in line has been ready; null if none waits.';
COMMENT ON COLUMN queue.stats.running IS 'Jobs that workers hold.';
COMMENT ON COLUMN queue.stats.wait_p50_ms IS 'Half of the claimed jobs had been ready for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.wait_p95_ms IS '95 of 100 claimed jobs had been ready for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.wait_p99_ms IS '99 of 100 claimed jobs had been ready for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.run_p50_ms IS 'Half of the attempts ran for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.run_p95_ms IS '95 of 100 attempts ran for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.run_p99_ms IS '99 of 100 attempts ran for no longer than this, in milliseconds.';
COMMENT ON COLUMN queue.stats.completed_per_s IS 'Jobs completed per second, on average over five minutes.';
COMMENT ON COLUMN queue.stats.failed IS 'Jobs that failed for good within five minutes.';
COMMENT ON COLUMN queue.stats.retried IS 'Attempts within five minutes that failed and will be repeated.';
COMMENT ON COLUMN queue.stats.snoozed IS 'Attempts within five minutes that asked to be called again later.';
COMMENT ON COLUMN queue.stats.cancelled IS 'Jobs that workers ended as cancelled within five minutes.';
COMMENT ON COLUMN queue.stats.rescued IS 'Jobs taken back from dead workers within five minutes.';

CREATE VIEW queue.queues AS
SELECT n.name,
    CASE WHEN q.paused_at IS NULL THEN 'active' WHEN m.running > 0 THEN 'draining' ELSE 'paused' END AS state,
    m.waiting, m.running, c.scheduled, c.blocked, c.parked,
    CASE WHEN m.oldest_at IS NOT NULL THEN greatest(statement_timestamp() - m.oldest_at, '0') END AS oldest_wait,
    (SELECT count(*) FROM queue.worker w
     WHERE w.queue = n.name AND w.dead_at IS NULL AND w.heartbeat_at > statement_timestamp() - interval '15 seconds') AS workers,
    q.max_running, q.rate_limit, q.rate_window, q.worker_concurrency, q.fair_every,
    q.paused_at, q.created_at, q.updated_at, q.updated_by
FROM queue.known_queues() AS n (name)
LEFT JOIN queue.queue q ON q.name = n.name
CROSS JOIN LATERAL (
    SELECT coalesce(sum(t.waiting), 0)::bigint AS waiting, coalesce(sum(t.running), 0)::bigint AS running, min(t.oldest_at) AS oldest_at
    FROM queue.measure(n.name, 1000) t) m
CROSS JOIN LATERAL queue.count_held_up(n.name, 1000) c
ORDER BY n.name;
COMMENT ON VIEW queue.queues IS 'Queues: what is in them and how they are set. Settings are null for a queue that no worker has served yet.';
COMMENT ON COLUMN queue.queues.state IS 'active; paused: no job of it is claimed; draining: paused while some still run.';
COMMENT ON COLUMN queue.queues.waiting IS 'Jobs that may run now. From 1,000 of a priority on as the workers counted them last.';
COMMENT ON COLUMN queue.queues.running IS 'Jobs that workers hold.';
COMMENT ON COLUMN queue.queues.scheduled IS 'Jobs whose time has not come; 1000 means as many or more.';
COMMENT ON COLUMN queue.queues.blocked IS 'Jobs that wait for others with their concurrency key; 1000 means as many or more.';
COMMENT ON COLUMN queue.queues.parked IS 'Jobs whose kind no live worker knows; 1000 means as many or more.';
COMMENT ON COLUMN queue.queues.oldest_wait IS 'How long the job that has waited longest has been ready; null if none waits.';
COMMENT ON COLUMN queue.queues.workers IS 'Live workers that serve it.';

-- Health.

-- +goose StatementBegin
CREATE FUNCTION queue.xmin_holders(OUT what text, OUT name text, OUT application text, OUT state text, OUT since timestamptz, OUT xids bigint)
RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE a.backend_type WHEN 'walsender' THEN 'standby' ELSE 'session' END, a.pid::text, a.application_name, a.state,
           coalesce(a.xact_start, a.backend_start), greatest(age(a.backend_xid), age(a.backend_xmin))::bigint
    FROM pg_stat_activity a
    WHERE (a.datname = current_database() OR a.datname IS NULL) AND coalesce(a.backend_xid, a.backend_xmin) IS NOT NULL
      AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'
    UNION ALL
    SELECT 'prepared transaction', p.gid, p.owner, NULL, p.prepared, age(p.transaction)::bigint
    FROM pg_prepared_xacts p WHERE p.database = current_database()
    UNION ALL
    SELECT 'replication slot', s.slot_name, s.plugin, CASE WHEN s.active THEN 'active' ELSE 'inactive' END, NULL, age(s.xmin)::bigint
    FROM pg_replication_slots s WHERE s.xmin IS NOT NULL
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.xmin_holders() IS 'What keeps vacuum from removing dead rows. Sessions of other roles are seen only if the owner of this function is in pg_read_all_stats.';

CREATE VIEW queue.vacuum_blockers AS
SELECT h.what, h.name, h.application, h.state, h.since, statement_timestamp() - h.since AS held_for, h.xids
FROM queue.xmin_holders() AS h (what, name, application, state, since, xids)
ORDER BY h.xids DESC, h.since;
COMMENT ON VIEW queue.vacuum_blockers IS 'Transactions and slots that keep vacuum from removing dead rows, the worst first. Short ones are normal.';
COMMENT ON COLUMN queue.vacuum_blockers.what IS 'session, prepared transaction, replication slot or standby.';
COMMENT ON COLUMN queue.vacuum_blockers.name IS 'Process id, name of the prepared transaction or name of the slot.';
COMMENT ON COLUMN queue.vacuum_blockers.application IS 'application_name of a session, owner of a prepared transaction, plugin of a slot.';
COMMENT ON COLUMN queue.vacuum_blockers.state IS 'As in pg_stat_activity; for a slot whether it is active.';
COMMENT ON COLUMN queue.vacuum_blockers.since IS 'When it began.';
COMMENT ON COLUMN queue.vacuum_blockers.held_for IS 'Time since then.';
COMMENT ON COLUMN queue.vacuum_blockers.xids IS 'How many transactions have begun since: dead rows of all of them stay.';

-- +goose StatementBegin
CREATE FUNCTION queue.count_trouble(max_count integer, OUT parked bigint, OUT idle_keys bigint, OUT cancelling bigint, OUT notes bigint, OUT misplaced bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    of_queue text := '';
    of_key text := '';
BEGIN
    SELECT count(*) INTO parked FROM (SELECT FROM queue.job j WHERE j.state = 'parked' LIMIT max_count) t;
    idle_keys := 0;
    FOR i IN 1 .. max_count LOOP -- from key to key, however many jobs each has
        SELECT j.queue, j.concurrency_key INTO of_queue, of_key FROM queue.job j
        WHERE j.state = 'blocked' AND (j.queue, j.concurrency_key) > (of_queue, of_key)
        ORDER BY j.queue, j.concurrency_key LIMIT 1;
        EXIT WHEN NOT FOUND;
        IF NOT EXISTS (SELECT FROM queue.job j
                       WHERE j.queue = of_queue AND j.concurrency_key = of_key AND j.state IN ('waiting', 'running')) THEN
            idle_keys := idle_keys + 1;
        END IF;
    END LOOP;
    SELECT (SELECT count(*) FROM (
                SELECT FROM queue.job j
                WHERE j.state <> 'running' AND j.cancel_requested_at < statement_timestamp() - interval '1 minute' LIMIT max_count) t)
         + (SELECT count(*) FROM (
                SELECT FROM queue.job j
                WHERE j.state = 'running' AND j.cancel_requested_at < statement_timestamp() - interval '1 minute' LIMIT max_count) t)
    INTO cancelling;
    SELECT count(*) INTO notes FROM (SELECT FROM queue.unblock_note LIMIT max_count) t;
    SELECT count(*) INTO misplaced FROM (
        SELECT FROM queue.job_completed_default UNION ALL SELECT FROM queue.job_ended_default UNION ALL SELECT FROM queue.metric_default
        LIMIT max_count) t;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.count_trouble(integer) IS 'What queue.health counts in the tables, each up to max_count.';

CREATE VIEW queue.health AS
WITH trouble AS MATERIALIZED (
    SELECT t.parked, t.idle_keys, t.cancelling, t.notes, t.misplaced FROM queue.count_trouble(1000) AS t (parked, idle_keys, cancelling, notes, misplaced)
), lane AS MATERIALIZED (
    SELECT n.name AS queue, m.oldest_at FROM queue.known_queues() AS n (name), queue.measure(n.name, 1) AS m (priority, waiting, waiting_exact, oldest_at, running)
    WHERE m.oldest_at IS NOT NULL
)
SELECT 'oldest_transaction' AS "check",
    coalesce((SELECT b.what || ' ' || b.name || coalesce(' (' || nullif(b.application, '') || ')', '')
                  || coalesce(' for ' || date_trunc('second', b.held_for), '') || ', ' || b.xids || ' transactions'
              FROM queue.vacuum_blockers b LIMIT 1), 'none') AS value,
    '5 minutes or 1,000,000 transactions' AS threshold,
    NOT EXISTS (SELECT FROM queue.vacuum_blockers b WHERE b.held_for > interval '5 minutes' OR b.xids > 1000000) AS ok,
    'Vacuum cannot remove what died since. See queue.vacuum_blockers; end it with pg_terminate_backend, ROLLBACK PREPARED or pg_drop_replication_slot.' AS advice
UNION ALL
SELECT 'dead_rows', s.n_dead_tup || ' dead, ' || s.n_live_tup || ' live',
    '1,000,000 dead, or 100,000 and no vacuum for 10 minutes; and more dead than live',
    s.n_dead_tup <= s.n_live_tup OR s.n_dead_tup < 100000
        OR s.n_dead_tup < 1000000 AND greatest(s.last_autovacuum, s.last_vacuum) > statement_timestamp() - interval '10 minutes',
    'If oldest_transaction is bad, see to that first. Then VACUUM queue.job; and look whether autovacuum is on.'
FROM pg_stat_user_tables s WHERE s.relid = 'queue.job'::regclass
UNION ALL
SELECT 'transaction_id_age', age(d.datfrozenxid)::text, '500,000,000', age(d.datfrozenxid) < 500000000,
    'Postgres stops at about 2,000,000,000. Look whether autovacuum is on and what holds it back; then VACUUM (FREEZE).'
FROM pg_database d WHERE d.datname = current_database()
UNION ALL
SELECT 'notification_queue', round((pg_notification_queue_usage() * 100)::numeric, 1) || ' %', '10 %', pg_notification_queue_usage() < 0.1,
    'A session that LISTENs has been in a transaction for long. When the queue is full, whoever notifies fails. End that session.'
UNION ALL
SELECT 'partitions_ahead', coalesce('missing: ' || string_agg(p.name, ', '), 'all there'), 'one for the next hour or day', count(*) = 0,
    'The application makes them every five minutes: look whether it runs. Rows meanwhile go to the default partitions, and are moved later.'
FROM (VALUES ('job_completed', interval '1 hour'), ('job_ended', interval '24 hours'), ('metric', interval '1 hour')) AS p (name, step)
WHERE NOT EXISTS (
    SELECT FROM pg_class c
    WHERE c.relnamespace = 'queue'::regnamespace
      AND c.relname = p.name || to_char(date_bin(p.step, statement_timestamp() + p.step, 'epoch') AT TIME ZONE 'UTC', '_YYYYMMDD_HH24MI'))
UNION ALL
SELECT 'default_partitions', t.misplaced || ' rows', '0 rows', t.misplaced = 0,
    'Nobody made partitions in time. The application moves rows of the present when it makes partitions again, and drops old ones when they expire.' FROM trouble t
UNION ALL
SELECT 'silent_workers', count(*)::text, '0', count(*) = 0,
    'They have said nothing for 15 seconds, and no other worker has noticed. If none is alive, start one: it takes their jobs back.'
FROM queue.workers w WHERE w.status = 'silent'
UNION ALL
SELECT 'unserved_queues', coalesce(string_agg(DISTINCT l.queue, ', '), 'none'), 'none', count(*) = 0,
    'Jobs wait there, and no live worker serves it. Start one, or cancel the jobs.'
FROM lane l WHERE NOT EXISTS (SELECT FROM queue.workers w WHERE w.queue = l.queue AND w.status = 'alive')
UNION ALL
SELECT 'oldest_wait',
    coalesce((SELECT date_trunc('second', greatest(statement_timestamp() - l.oldest_at, '0')) || ' in ' || l.queue FROM lane l ORDER BY l.oldest_at LIMIT 1), 'nobody waits'),
    '5 minutes', NOT EXISTS (SELECT FROM lane l WHERE l.oldest_at < statement_timestamp() - interval '5 minutes'),
    'Look into queue.queues whether it is paused, at a limit or short of workers; queue.jobs.why says it for each job.'
UNION ALL
SELECT 'parked_jobs', t.parked::text, '0', t.parked = 0,
    'No live worker knows their kind; queue.jobs.why names it. Start a version that does, or cancel them.' FROM trouble t
UNION ALL
SELECT 'blocked_without_reason', t.idle_keys || ' concurrency keys', '0', t.idle_keys = 0,
    'Jobs are blocked while none with their key waits or runs. The application looks after that every five minutes: look whether it runs. As the owner of the schema, SELECT queue.unblock_all() does it at once.' FROM trouble t
UNION ALL
SELECT 'unblock_notes', t.notes::text, '999', t.notes < 1000,
    'Workers deal with them every second: look whether one is alive.' FROM trouble t
UNION ALL
SELECT 'cancelling_long', t.cancelling::text, '0', t.cancelling = 0,
    'Cancelled more than a minute ago, and not ended. A running one has a handler that does not heed its context; another waits for a live worker that knows its kind.' FROM trouble t
UNION ALL
SELECT 'failed_recently', coalesce(sum(m.failed), 0) || ' failed, ' || coalesce(sum(m.completed), 0) || ' completed in 5 minutes', '10 and 5 %',
    coalesce(sum(m.failed), 0) < 10 OR sum(m.failed) * 20 < sum(m.failed + m.completed),
    'See queue.failed, or queue.failure_groups for what they have in common. When the cause is gone, queue.redrive brings them back.'
FROM queue.metric m WHERE m.at > statement_timestamp() - interval '5 minutes';
COMMENT ON VIEW queue.health IS 'What to worry about: a row for each check. All is well if every row is ok.';
COMMENT ON COLUMN queue.health."check" IS 'What is checked.';
COMMENT ON COLUMN queue.health.value IS 'How it is. Counts of jobs and rows end at 1000.';
COMMENT ON COLUMN queue.health.threshold IS 'When to worry.';
COMMENT ON COLUMN queue.health.ok IS 'Whether all is well.';
COMMENT ON COLUMN queue.health.advice IS 'What to do if it is not.';

-- A column of a view that is a column of its table means the same.
-- +goose StatementBegin
DO $$
DECLARE
    col record;
BEGIN
    FOR col IN
        SELECT v.view, a.attname, col_description(b.attrelid, b.attnum) AS meaning
        FROM (VALUES ('queue.jobs'::regclass, 'queue.job'::regclass), ('queue.waiting', 'queue.job'), ('queue.running', 'queue.job'), ('queue.running', 'queue.worker'),
                     ('queue.history', 'queue.job_history'), ('queue.history', 'queue.job'), ('queue.failed', 'queue.job_history'), ('queue.failed', 'queue.job'),
                     ('queue.workers', 'queue.worker'), ('queue.schedules', 'queue.schedule'), ('queue.queues', 'queue.queue')) AS v (view, base)
        JOIN pg_attribute a ON a.attrelid = v.view AND a.attnum > 0
        JOIN pg_attribute b ON b.attrelid = v.base AND b.attname = a.attname
        WHERE col_description(a.attrelid, a.attnum) IS NULL AND col_description(b.attrelid, b.attnum) NOT LIKE 'As in queue.job%'
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.view, col.attname, col.meaning);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP VIEW queue.health, queue.vacuum_blockers, queue.queues, queue.stats, queue.schedules, queue.workers, queue.failed, queue.history,
    queue.running, queue.waiting, queue.jobs;
DROP FUNCTION queue.count_trouble, queue.xmin_holders, queue.count_held_up, queue.measure, queue.known_queues, queue.percentile_ms, queue.bucket_ms;
