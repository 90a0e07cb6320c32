-- What people do with the queue: functions that return the rows that they affect
-- and wake workers.
--
-- They are SECURITY DEFINER, so that whoever may call them need not touch tables,
-- and read names in pg_catalog only. Arguments have the names of the columns that
-- they are about, hence function.argument throughout.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION queue.need(ok boolean, message text, hint text) RETURNS void
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    IF ok IS NOT TRUE THEN
        RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = message, HINT = hint;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.need(boolean, text, text) IS 'Refuses an argument unless ok.';

-- +goose StatementBegin
CREATE FUNCTION queue.need_queue(queue text) RETURNS void
LANGUAGE sql IMMUTABLE
AS $$
    SELECT queue.need(char_length(need_queue.queue) BETWEEN 1 AND 100, 'The name of a queue has 1 to 100 characters.', 'SELECT name FROM queue.queues lists queues.')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.need_queue(text) IS 'Refuses what cannot be the name of a queue.';

-- +goose StatementBegin
CREATE FUNCTION queue.need_priority(priority integer) RETURNS void
LANGUAGE sql IMMUTABLE
AS $$
    SELECT queue.need(need_priority.priority BETWEEN 0 AND 32767, 'A priority is a number from 0 to 32767.', 'Lower runs first; the default is 100.')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.need_priority(integer) IS 'Refuses what cannot be a priority.';

-- +goose StatementBegin
CREATE FUNCTION queue.need_max_jobs(max_jobs integer) RETURNS void
LANGUAGE sql IMMUTABLE
AS $$
    SELECT queue.need(need_max_jobs.max_jobs > 0, 'max_jobs is at least 1.', 'It bounds how much one call does. Call again for the rest.')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.need_max_jobs(integer) IS 'Refuses a bound that lets nothing happen.';

CREATE FUNCTION queue.wake(queue text) RETURNS void
LANGUAGE sql
AS $$ SELECT pg_notify('son1k_queue', 'wake ' || wake.queue) $$;
COMMENT ON FUNCTION queue.wake(text) IS 'Wakes the workers of a queue.';

-- Enqueuing.

-- +goose StatementBegin
CREATE FUNCTION queue.enqueue(queue text, kind text, payload jsonb DEFAULT '{}', priority integer DEFAULT 100, key text DEFAULT NULL,
    run_at timestamptz DEFAULT NULL, max_attempts integer DEFAULT 3, concurrency_key text DEFAULT NULL, concurrency_limit integer DEFAULT NULL,
    deadline interval DEFAULT NULL)
RETURNS SETOF queue.jobs
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    job_id bigint;
BEGIN
    PERFORM queue.need_queue(enqueue.queue);
    PERFORM queue.need_priority(enqueue.priority);
    PERFORM queue.need(char_length(enqueue.kind) BETWEEN 1 AND 100, 'A kind has 1 to 100 characters.', 'SELECT unnest(kinds) FROM queue.workers lists what workers know.');
    PERFORM queue.need(enqueue.payload IS NOT NULL, 'A payload is needed.', 'Leave it out for an empty one.');
    PERFORM queue.need(enqueue.key IS NULL OR char_length(enqueue.key) BETWEEN 1 AND 200, 'A key has 1 to 200 characters.', 'Leave it out for a job that may be there twice.');
    PERFORM queue.need(enqueue.max_attempts BETWEEN 1 AND 32767, 'max_attempts is a number from 1 to 32767.', 'The default is 3.');
    PERFORM queue.need((enqueue.concurrency_key IS NULL) = (enqueue.concurrency_limit IS NULL), 'A concurrency key and its limit go together.', 'Give both concurrency_key and concurrency_limit, or neither.');
    PERFORM queue.need(enqueue.concurrency_key IS NULL OR char_length(enqueue.concurrency_key) BETWEEN 1 AND 200, 'A concurrency key has 1 to 200 characters.', 'Leave it out for a job that runs beside any other.');
    PERFORM queue.need(enqueue.concurrency_limit IS NULL OR enqueue.concurrency_limit BETWEEN 1 AND 32767, 'A concurrency limit is a number from 1 to 32767.', 'So many jobs with the key may wait or run.');
    PERFORM queue.need(enqueue.deadline IS NULL OR enqueue.deadline > '0', 'A deadline is in the future.', 'It is the time that the job has from now on, such as interval ''1 hour''.');
    LOOP
        INSERT INTO queue.job (queue, kind, payload, priority, key, run_at, max_attempts, concurrency_key, concurrency_limit, deadline_at)
        VALUES (enqueue.queue, enqueue.kind, enqueue.payload, enqueue.priority, enqueue.key, coalesce(enqueue.run_at, now()), enqueue.max_attempts,
                enqueue.concurrency_key, enqueue.concurrency_limit, now() + enqueue.deadline)
        ON CONFLICT (queue, key) WHERE key IS NOT NULL DO NOTHING
        RETURNING id INTO job_id;
        EXIT WHEN FOUND;
        SELECT j.id INTO job_id FROM queue.job j WHERE j.queue = enqueue.queue AND j.key = enqueue.key;
        EXIT WHEN FOUND; -- otherwise it has ended since
    END LOOP;
    RETURN QUERY SELECT v.* FROM queue.jobs v WHERE v.id = job_id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.enqueue(text, text, jsonb, integer, text, timestamptz, integer, text, integer, interval) IS
    'Enqueues a job and returns it, or the live job of the queue that has the key. deadline is the time from now on by which it must have ended.';

-- Cancelling.

CREATE TYPE queue.cancelled_job AS (id bigint, queue text, kind text, key text, state_was queue.job_state, ended boolean);
COMMENT ON TYPE queue.cancelled_job IS 'What cancelling did to a job.';

-- +goose StatementBegin
CREATE FUNCTION queue.ends_at_once(of_queue text, of_kind text, in_state queue.job_state) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT in_state <> 'running'
       AND NOT EXISTS (SELECT FROM queue.kind k WHERE k.queue = of_queue AND k.kind = of_kind AND k.has_hook)
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.ends_at_once(text, text, queue.job_state) IS 'Whether a job that is cancelled needs no worker to end it.';

-- +goose StatementBegin
CREATE FUNCTION queue.cancel_jobs(ids bigint[]) RETURNS SETOF queue.cancelled_job
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    hit queue.cancelled_job[];
BEGIN
    hit := ARRAY(
        SELECT (l.id, l.queue, l.kind, l.key, l.state, l.ended)::queue.cancelled_job
        FROM (
            SELECT j.id, j.queue, j.kind, j.key, j.state, queue.ends_at_once(j.queue, j.kind, j.state) AS ended
            FROM queue.job j WHERE j.id = ANY (ids)
            ORDER BY j.id FOR UPDATE) l); -- in this order, so that two who cancel do not wait for each other
    UPDATE queue.job j SET cancel_requested_at = coalesce(j.cancel_requested_at, now())
    WHERE j.id = ANY (ARRAY(SELECT h.id FROM unnest(hit) h WHERE NOT h.ended));
    PERFORM queue.end_waiting(ARRAY(SELECT h.id FROM unnest(hit) h WHERE h.ended), 'cancelled', NULL);
    PERFORM pg_notify('son1k_queue', m.message)
    FROM (SELECT DISTINCT CASE
              WHEN h.state_was = 'running' THEN 'cancel ' || h.id
              WHEN h.ended THEN 'wake ' || h.queue -- it may have made place for a blocked one
              ELSE 'doomed ' || h.queue
          END AS message FROM unnest(hit) h) m;
    RETURN QUERY SELECT h.* FROM unnest(hit) h;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.cancel_jobs(bigint[]) IS 'Cancels live jobs: what queue.cancel and queue.cancel_where share.';

CREATE FUNCTION queue.cancel(id bigint) RETURNS SETOF queue.cancelled_job
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT c.* FROM queue.cancel_jobs(ARRAY[cancel.id]) c $$;
COMMENT ON FUNCTION queue.cancel(bigint) IS 'Cancels a job, whether it waits or runs. No row: no live job has this id. To cancel again changes nothing.';

-- +goose StatementBegin
CREATE FUNCTION queue.cancel_where(queue text, kind text DEFAULT NULL, state text DEFAULT NULL, key_like text DEFAULT NULL,
    older_than interval DEFAULT NULL, concurrency_key text DEFAULT NULL, max_jobs integer DEFAULT 10000, preview boolean DEFAULT false)
RETURNS SETOF queue.cancelled_job
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids bigint[];
BEGIN
    PERFORM queue.need_queue(cancel_where.queue);
    PERFORM queue.need_max_jobs(cancel_where.max_jobs);
    PERFORM queue.need(cancel_where.state IS NULL OR cancel_where.state = ANY (enum_range(NULL::queue.job_state)::text[]),
        format('There is no state %s.', cancel_where.state), 'States are ' || array_to_string(enum_range(NULL::queue.job_state), ', ') || '.');
    ids := ARRAY(
        SELECT j.id FROM queue.job j
        WHERE j.queue = cancel_where.queue AND j.cancel_requested_at IS NULL
          AND (cancel_where.kind IS NULL OR j.kind = cancel_where.kind)
          AND (cancel_where.state IS NULL OR j.state = cancel_where.state::queue.job_state)
          AND (cancel_where.key_like IS NULL OR j.key LIKE cancel_where.key_like)
          AND (cancel_where.older_than IS NULL OR j.created_at < now() - cancel_where.older_than)
          AND (cancel_where.concurrency_key IS NULL OR j.concurrency_key = cancel_where.concurrency_key)
        ORDER BY j.id LIMIT cancel_where.max_jobs);
    IF cancel_where.preview THEN
        RETURN QUERY
            SELECT j.id, j.queue, j.kind, j.key, j.state, queue.ends_at_once(j.queue, j.kind, j.state)
            FROM queue.job j WHERE j.id = ANY (ids) ORDER BY j.id;
    ELSE
        RETURN QUERY SELECT c.* FROM queue.cancel_jobs(ids) c;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.cancel_where(text, text, text, text, interval, text, integer, boolean) IS
    'Cancels jobs of a queue that are not being cancelled yet and match everything given, the oldest first, at most max_jobs. With preview it only returns them; then ended tells what would be.';

-- Bringing back.

-- +goose StatementBegin
CREATE FUNCTION queue.bring_back(ids bigint[]) RETURNS SETOF bigint
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
BEGIN
    RETURN QUERY
        WITH picked AS (
            SELECT h.* FROM queue.job_history h
            WHERE h.id = ANY (ids) AND h.outcome IN ('failed', 'cancelled')
            ORDER BY h.finished_at, h.id FOR UPDATE
        ), back AS (
            -- As if by hand: the trigger decides on its state, gives it a place
            -- in line and wakes workers. The deadline is gone, because it would
            -- have passed.
            INSERT INTO queue.job (id, queue, kind, key, priority, max_attempts, created_at, run_at, concurrency_key, concurrency_limit,
                                   redriven, traceparent, payload, checkpoint, errors)
            SELECT p.id, p.queue, p.kind, p.key, p.priority, p.max_attempts, p.created_at, now(), p.concurrency_key, p.concurrency_limit,
                   least(p.redriven + 1, 32767), p.traceparent, p.payload, p.checkpoint, p.errors
            FROM picked p
            ON CONFLICT DO NOTHING -- a live job has its key
            RETURNING id
        )
        DELETE FROM queue.job_history h USING back b
        WHERE h.id = b.id AND h.outcome IN ('failed', 'cancelled')
        RETURNING h.id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.bring_back(bigint[]) IS 'Makes live jobs of failed and cancelled ones of the history, unless a live job has their key: what queue.retry and queue.redrive share.';

-- +goose StatementBegin
CREATE FUNCTION queue.retry(id bigint) RETURNS SETOF queue.jobs
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    j queue.job;
BEGIN
    UPDATE queue.job t
    SET state = CASE WHEN t.concurrency_key IS NULL THEN 'waiting' ELSE 'blocked' END::queue.job_state,
        run_at = clock_timestamp(), seq = queue.draw_seq()
    WHERE t.id = retry.id AND t.state = 'scheduled' AND t.cancel_requested_at IS NULL
    RETURNING t.* INTO j;
    IF FOUND THEN
        IF j.concurrency_key IS NOT NULL THEN
            PERFORM queue.unblock(j.queue, j.concurrency_key); -- goes on at once if there is place
        END IF;
        PERFORM queue.wake(j.queue);
    ELSIF NOT EXISTS (SELECT FROM queue.bring_back(ARRAY[retry.id])) THEN
        RAISE NOTICE 'Nothing to retry: %', coalesce(
            (SELECT 'job ' || t.id || ' is ' || t.state || '.' FROM queue.job t WHERE t.id = retry.id),
            (SELECT 'job ' || h.id || ' is completed.' FROM queue.job_history h WHERE h.id = retry.id AND h.outcome = 'completed' LIMIT 1),
            (SELECT 'job ' || t.id || ' has the same key and is ' || t.state || '.'
             FROM queue.job_history h JOIN queue.job t ON t.queue = h.queue AND t.key = h.key WHERE h.id = retry.id LIMIT 1),
            'there is no job ' || retry.id || ', or not any more.');
        RETURN;
    END IF;
    RETURN QUERY SELECT v.* FROM queue.jobs v WHERE v.id = retry.id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.retry(bigint) IS
    'A scheduled job becomes ready now. A failed or cancelled one comes back under its id, with no attempts used, no deadline, its errors and checkpoint. Nothing else is touched, and a notice says why.';

-- +goose StatementBegin
CREATE FUNCTION queue.redrive(queue text, kind text DEFAULT NULL, error_like text DEFAULT NULL, since interval DEFAULT '7 days', max_jobs integer DEFAULT 1000)
RETURNS SETOF queue.jobs
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids bigint[];
BEGIN
    PERFORM queue.need_queue(redrive.queue);
    PERFORM queue.need_max_jobs(redrive.max_jobs);
    PERFORM queue.need(redrive.since > '0', 'since is a time to look back.', 'For example interval ''1 day''.');
    ids := ARRAY(
        SELECT h.id FROM queue.job_history h
        WHERE h.outcome = 'failed' AND h.queue = redrive.queue AND h.finished_at > now() - redrive.since
          AND (redrive.kind IS NULL OR h.kind = redrive.kind)
          AND (redrive.error_like IS NULL OR h.errors -> -1 ->> 'error' LIKE redrive.error_like)
          AND NOT EXISTS (SELECT FROM queue.job t WHERE t.queue = h.queue AND t.key = h.key) -- left alone in any case: let others come instead
        ORDER BY h.finished_at LIMIT redrive.max_jobs);
    ids := ARRAY(SELECT b FROM queue.bring_back(ids) b);
    RETURN QUERY SELECT v.* FROM queue.jobs v WHERE v.id = ANY (ids) ORDER BY v.id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.redrive(text, text, text, interval, integer) IS
    'Does what queue.retry does for failed jobs of a queue that match everything given, those that failed first first, at most max_jobs. error_like is matched by LIKE with the last error.';

-- Priorities.

-- +goose StatementBegin
CREATE FUNCTION queue.set_priority(id bigint, priority integer) RETURNS SETOF queue.jobs
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    of_queue text;
BEGIN
    PERFORM queue.need_priority(set_priority.priority);
    -- Readers look in each line from a mark on, so that one that changes lines goes
    -- to the end of the other. The seq of a running job is its worker's claim to it.
    UPDATE queue.job j
    SET priority = set_priority.priority, seq = CASE WHEN j.state = 'waiting' THEN queue.draw_seq() ELSE j.seq END
    WHERE j.id = set_priority.id AND j.priority <> set_priority.priority
    RETURNING j.queue INTO of_queue;
    IF FOUND THEN
        PERFORM queue.wake(of_queue);
    END IF;
    RETURN QUERY SELECT v.* FROM queue.jobs v WHERE v.id = set_priority.id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.set_priority(bigint, integer) IS 'Gives a live job another priority, of a running one for later attempts. A waiting one goes behind those that wait at that priority already.';

-- +goose StatementBegin
CREATE FUNCTION queue.set_priority_where(queue text, priority integer, kind text DEFAULT NULL, from_priority integer DEFAULT NULL,
    key_like text DEFAULT NULL, concurrency_key text DEFAULT NULL, max_jobs integer DEFAULT 10000)
RETURNS SETOF queue.jobs
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ids bigint[];
BEGIN
    PERFORM queue.need_queue(set_priority_where.queue);
    PERFORM queue.need_priority(set_priority_where.priority);
    PERFORM queue.need_max_jobs(set_priority_where.max_jobs);
    WITH picked AS MATERIALIZED (
        SELECT j.id FROM queue.job j
        WHERE j.queue = set_priority_where.queue AND j.state <> 'running' AND j.priority <> set_priority_where.priority
          AND (set_priority_where.kind IS NULL OR j.kind = set_priority_where.kind)
          AND (set_priority_where.from_priority IS NULL OR j.priority = set_priority_where.from_priority)
          AND (set_priority_where.key_like IS NULL OR j.key LIKE set_priority_where.key_like)
          AND (set_priority_where.concurrency_key IS NULL OR j.concurrency_key = set_priority_where.concurrency_key)
        ORDER BY j.priority, j.seq LIMIT set_priority_where.max_jobs
        FOR UPDATE
    ), drawn AS MATERIALIZED ( -- in this order they draw their places
        SELECT p.id, queue.draw_seq() AS seq FROM picked p
    ), moved AS (
        UPDATE queue.job j
        SET priority = set_priority_where.priority, seq = CASE WHEN j.state = 'waiting' THEN d.seq ELSE j.seq END
        FROM drawn d WHERE j.id = d.id
        RETURNING j.id
    )
    SELECT coalesce(array_agg(m.id), '{}') INTO ids FROM moved m;
    IF ids <> '{}' THEN
        PERFORM queue.wake(set_priority_where.queue);
    END IF;
    RETURN QUERY SELECT v.* FROM queue.jobs v WHERE v.id = ANY (ids) ORDER BY v.id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.set_priority_where(text, integer, text, integer, text, text, integer) IS 'Gives jobs of a queue that do not run and match everything given another priority, at most max_jobs, the first in line first. They keep their order.';

-- Settings of a queue.

-- +goose StatementBegin
CREATE FUNCTION queue.pause(queue text) RETURNS SETOF queue.queues
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM queue.need_queue(pause.queue);
    INSERT INTO queue.queue AS q (name, paused_at) VALUES (pause.queue, now())
    ON CONFLICT (name) DO UPDATE SET paused_at = excluded.paused_at, updated_at = now(), updated_by = session_user
    WHERE q.paused_at IS NULL; -- one that is paused has been since then
    PERFORM queue.wake(pause.queue);
    IF NOT EXISTS (SELECT FROM queue.worker w WHERE w.queue = pause.queue) THEN
        RAISE NOTICE 'No worker has served queue % lately.', pause.queue;
    END IF;
    RETURN QUERY SELECT v.* FROM queue.queues v WHERE v.name = pause.queue;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.pause(text) IS 'From now on no job of the queue is claimed, by any worker. Those that run go on.';

-- +goose StatementBegin
CREATE FUNCTION queue.drain(queue text) RETURNS SETOF queue.queues
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT p.* FROM queue.pause(drain.queue) p $$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.drain(text) IS 'The same as queue.pause. queue.queues shows the queue as draining until nothing of it runs any more, then as paused.';

-- +goose StatementBegin
CREATE FUNCTION queue.resume(queue text) RETURNS SETOF queue.queues
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM queue.need_queue(resume.queue);
    UPDATE queue.queue q SET paused_at = NULL, updated_at = now(), updated_by = session_user
    WHERE q.name = resume.queue AND q.paused_at IS NOT NULL;
    PERFORM queue.wake(resume.queue);
    RETURN QUERY SELECT v.* FROM queue.queues v WHERE v.name = resume.queue;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.resume(text) IS 'Ends a pause.';

-- +goose StatementBegin
CREATE FUNCTION queue.set_limits(queue text, max_running integer DEFAULT -1, rate_limit integer DEFAULT -1, rate_window interval DEFAULT NULL,
    worker_concurrency integer DEFAULT -1, fair_every integer DEFAULT -1)
RETURNS SETOF queue.queues
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    q queue.queue;
    as_is constant text := 'Leave it out to leave it as it is, or give NULL for no limit.';
BEGIN
    PERFORM queue.need_queue(set_limits.queue);
    PERFORM queue.need(coalesce(set_limits.max_running, 1) >= 1 OR set_limits.max_running = -1, 'max_running is at least 1.', as_is || ' queue.pause stops a queue.');
    PERFORM queue.need(coalesce(set_limits.rate_limit, 1) >= 1 OR set_limits.rate_limit = -1, 'rate_limit is at least 1.', as_is || ' queue.pause stops a queue.');
    PERFORM queue.need(coalesce(set_limits.rate_window, '1 s') BETWEEN '10 ms' AND '1 day', 'rate_window is from 10 ms to 1 day.', 'Leave it out to leave it as it is.');
    PERFORM queue.need(coalesce(set_limits.worker_concurrency, 1) BETWEEN 1 AND 10000 OR set_limits.worker_concurrency = -1, 'worker_concurrency is from 1 to 10000.', 'Leave it out to leave it as it is, or give NULL for what each worker was started with.');
    PERFORM queue.need(set_limits.fair_every >= -1, 'fair_every is at least 0.', 'Leave it out to leave it as it is, or give 0 for strict priorities.');

    INSERT INTO queue.queue (name) VALUES (set_limits.queue) ON CONFLICT (name) DO NOTHING;
    SELECT t.* INTO q FROM queue.queue t WHERE t.name = set_limits.queue FOR UPDATE;
    q.max_running := CASE WHEN set_limits.max_running = -1 THEN q.max_running ELSE set_limits.max_running END;
    q.rate_limit := CASE WHEN set_limits.rate_limit = -1 THEN q.rate_limit ELSE set_limits.rate_limit END;
    PERFORM queue.need(q.rate_limit IS NOT NULL OR set_limits.rate_window IS NULL, 'The queue has no rate limit to give a window.', 'Give rate_limit too.');
    q.rate_window := CASE WHEN q.rate_limit IS NOT NULL THEN coalesce(set_limits.rate_window, q.rate_window, '1 second') END;
    q.worker_concurrency := CASE WHEN set_limits.worker_concurrency = -1 THEN q.worker_concurrency ELSE set_limits.worker_concurrency END;
    q.fair_every := CASE WHEN set_limits.fair_every = -1 THEN q.fair_every ELSE set_limits.fair_every END;
    UPDATE queue.queue t
    SET max_running = q.max_running, rate_limit = q.rate_limit, rate_window = q.rate_window, worker_concurrency = q.worker_concurrency,
        fair_every = q.fair_every, updated_at = now(), updated_by = session_user
    WHERE t.name = q.name;
    PERFORM queue.wake(set_limits.queue);
    RETURN QUERY SELECT v.* FROM queue.queues v WHERE v.name = set_limits.queue;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.set_limits(text, integer, integer, interval, integer, integer) IS
    'Changes limits of a queue, for all workers at once. What is left out (or -1) stays; NULL means no limit. A rate_limit without rate_window keeps the window, at first one second.';

-- Schedules.

-- +goose StatementBegin
CREATE FUNCTION queue.set_schedule(name text, queue text, kind text, cron text, timezone text DEFAULT 'UTC', payload jsonb DEFAULT '{}',
    missed text DEFAULT 'once', overlap boolean DEFAULT false, priority integer DEFAULT 100, max_attempts integer DEFAULT 3)
RETURNS SETOF queue.schedules
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM queue.need(char_length(set_schedule.name) BETWEEN 1 AND 100, 'The name of a schedule has 1 to 100 characters.', 'SELECT name FROM queue.schedules lists schedules.');
    PERFORM queue.need_queue(set_schedule.queue);
    PERFORM queue.need_priority(set_schedule.priority);
    PERFORM queue.need(char_length(set_schedule.kind) BETWEEN 1 AND 100, 'A kind has 1 to 100 characters.', 'SELECT unnest(kinds) FROM queue.workers lists what workers know.');
    -- Only the form; a worker reads it and writes into error what it does not understand.
    PERFORM queue.need(set_schedule.cron ~ '^(@\S.*|\S+( +\S+){4})$' AND char_length(set_schedule.cron) <= 200,
        'cron has five fields, or is a descriptor.', 'minute hour day month weekday, such as 30 3 * * 1-5, or @hourly, @daily, @every 90s.');
    PERFORM queue.need(set_schedule.payload IS NOT NULL, 'A payload is needed.', 'Leave it out for an empty one.');
    PERFORM queue.need(set_schedule.missed IN ('skip', 'once', 'all'), 'missed is skip, once or all.', 'It says what happens to times that passed while no worker lived.');
    PERFORM queue.need(set_schedule.overlap IS NOT NULL, 'overlap is true or false.', 'It says whether a job is enqueued while the last one is still live.');
    PERFORM queue.need(set_schedule.max_attempts BETWEEN 1 AND 32767, 'max_attempts is a number from 1 to 32767.', 'The default is 3.');
    PERFORM queue.need(EXISTS (SELECT FROM pg_timezone_names z WHERE z.name = set_schedule.timezone),
        format('There is no time zone %s.', set_schedule.timezone), 'SELECT name FROM pg_timezone_names lists them.');
    INSERT INTO queue.schedule AS s (name, queue, kind, cron, timezone, missed, overlap, priority, max_attempts, payload)
    VALUES (set_schedule.name, set_schedule.queue, set_schedule.kind, set_schedule.cron, set_schedule.timezone, set_schedule.missed, set_schedule.overlap,
            set_schedule.priority, set_schedule.max_attempts, set_schedule.payload)
    ON CONFLICT (name) DO UPDATE SET queue = excluded.queue, kind = excluded.kind, cron = excluded.cron, timezone = excluded.timezone,
        missed = excluded.missed, overlap = excluded.overlap, priority = excluded.priority, max_attempts = excluded.max_attempts,
        payload = excluded.payload, updated_at = now(), error = NULL,
        next_at = CASE WHEN s.cron = excluded.cron AND s.timezone = excluded.timezone THEN s.next_at END;
    PERFORM queue.wake(set_schedule.queue);
    RETURN QUERY SELECT v.* FROM queue.schedules v WHERE v.name = set_schedule.name;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.set_schedule(text, text, text, text, text, jsonb, text, boolean, integer, integer) IS
    'Defines a schedule, or changes the one of this name. A worker works out next_at within a moment. A pause stays.';

-- +goose StatementBegin
CREATE FUNCTION queue.pause_schedule(name text) RETURNS SETOF queue.schedules
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE queue.schedule s SET paused_at = coalesce(s.paused_at, now()), updated_at = now() WHERE s.name = pause_schedule.name;
    SELECT v.* FROM queue.schedules v WHERE v.name = pause_schedule.name;
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.pause_schedule(text) IS 'Puts a schedule out of force. No row: there is none of this name.';

-- +goose StatementBegin
CREATE FUNCTION queue.resume_schedule(name text) RETURNS SETOF queue.schedules
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    -- next_at is forgotten, so that what passed during the pause counts as wanted, not as missed.
    UPDATE queue.schedule s SET paused_at = NULL, next_at = NULL, updated_at = now() WHERE s.name = resume_schedule.name AND s.paused_at IS NOT NULL;
    SELECT queue.wake(s.queue) FROM queue.schedule s WHERE s.name = resume_schedule.name;
    SELECT v.* FROM queue.schedules v WHERE v.name = resume_schedule.name;
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.resume_schedule(text) IS 'Puts a schedule in force again, from now on. No row: there is none of this name.';

-- +goose StatementBegin
CREATE FUNCTION queue.drop_schedule(name text) RETURNS SETOF queue.schedules
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT v.* FROM queue.schedules v WHERE v.name = drop_schedule.name;
    DELETE FROM queue.schedule s WHERE s.name = drop_schedule.name;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.drop_schedule(text) IS 'Removes a schedule and returns what it was. Jobs that it has enqueued stay.';

-- Retention.

-- +goose StatementBegin
CREATE FUNCTION queue.set_retention(completed_keep interval DEFAULT NULL, completed_keep_rows integer DEFAULT NULL, ended_keep interval DEFAULT NULL, metric_keep interval DEFAULT NULL)
RETURNS SETOF queue.setting
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM queue.need(coalesce(least(set_retention.completed_keep, set_retention.ended_keep, set_retention.metric_keep), '1 s') > '0',
        'A time to keep rows is more than none.', 'Leave out what should stay as it is.');
    PERFORM queue.need(coalesce(set_retention.completed_keep_rows, 0) >= 0, 'completed_keep_rows is at least 0.', 'Leave out what should stay as it is.');
    RETURN QUERY
        UPDATE queue.setting s
        SET completed_keep = coalesce(set_retention.completed_keep, s.completed_keep),
            completed_keep_rows = coalesce(set_retention.completed_keep_rows, s.completed_keep_rows),
            ended_keep = coalesce(set_retention.ended_keep, s.ended_keep),
            metric_keep = coalesce(set_retention.metric_keep, s.metric_keep)
        RETURNING s.*;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.set_retention(interval, integer, interval, interval) IS 'Changes how long the history is kept and returns all such settings; without arguments it only returns them. The application drops what has expired every five minutes.';

-- Looking closer.

CREATE TYPE queue.job_details AS (
    id bigint, queue text, kind text, key text, state text, why text, priority smallint, attempt smallint, max_attempts smallint,
    created_at timestamptz, run_at timestamptz, started_at timestamptz, finished_at timestamptz, deadline_at timestamptz, cancel_requested_at timestamptz,
    worker_id uuid, progress smallint, stage text, concurrency_key text, concurrency_limit smallint, redriven smallint, by_hand boolean,
    traceparent text, payload jsonb, result jsonb, checkpoint jsonb, errors jsonb);
COMMENT ON TYPE queue.job_details IS 'Everything about a job, live or ended.';

-- +goose StatementBegin
CREATE FUNCTION queue.job_detail(id bigint) RETURNS SETOF queue.job_details
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT j.id, j.queue, j.kind, j.key, j.state::text, v.why, j.priority, j.attempt, j.max_attempts,
        j.created_at, j.run_at, j.started_at, NULL::timestamptz, j.deadline_at, j.cancel_requested_at,
        j.worker_id, j.progress, j.stage, j.concurrency_key, j.concurrency_limit, j.redriven, j.by_hand,
        j.traceparent, j.payload, NULL::jsonb, j.checkpoint, j.errors
    FROM queue.job j JOIN queue.jobs v ON v.id = j.id WHERE j.id = job_detail.id
    UNION ALL
    SELECT h.id, h.queue, h.kind, h.key, h.outcome::text, NULL, h.priority, h.attempt, h.max_attempts,
        h.created_at, h.run_at, h.started_at, h.finished_at, h.deadline_at, NULL,
        h.worker_id, NULL, NULL, h.concurrency_key, h.concurrency_limit, h.redriven, NULL,
        h.traceparent, h.payload, h.result, h.checkpoint, h.errors
    FROM queue.job_history h WHERE h.id = job_detail.id
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.job_detail(bigint) IS 'Everything about a job, live or ended, payload and all. No row: there is no such job, or not any more.';

-- +goose StatementBegin
CREATE FUNCTION queue.failure_groups(queue text, since interval DEFAULT '1 day', max_groups integer DEFAULT 20)
RETURNS TABLE (error text, n bigint, first_at timestamptz, last_at timestamptz, example_id bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    PERFORM queue.need_queue(failure_groups.queue);
    PERFORM queue.need(failure_groups.since > '0', 'since is a time to look back.', 'For example interval ''1 day''.');
    PERFORM queue.need(failure_groups.max_groups > 0, 'max_groups is at least 1.', 'It bounds how many rows come back; the default is 20.');
    RETURN QUERY
        SELECT f.error, count(*), min(f.finished_at), max(f.finished_at), (array_agg(f.id ORDER BY f.finished_at DESC))[1]
        FROM (
            SELECT left(regexp_replace(h.errors -> -1 ->> 'error', '\d+', 'N', 'g'), 200) AS error, h.finished_at, h.id
            FROM queue.job_history h
            WHERE h.outcome = 'failed' AND h.queue = failure_groups.queue AND h.finished_at > now() - failure_groups.since) f
        GROUP BY f.error
        ORDER BY count(*) DESC, max(f.finished_at) DESC
        LIMIT failure_groups.max_groups;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.failure_groups(text, interval, integer) IS 'What failed jobs of a queue have in common: their last errors, with N for each number, the most frequent first, and the latest job of each.';

-- Comments on the columns of the two types: those of a job mean the same as in
-- the tables. (In a block, because sqlc does not know of comments on these.)
-- +goose StatementBegin
DO $$
DECLARE
    col record;
BEGIN
    COMMENT ON COLUMN queue.cancelled_job.state_was IS 'The state that it was in.';
    COMMENT ON COLUMN queue.cancelled_job.ended IS 'Whether it has ended. If not, a worker ends it: one that runs is asked to stop, and the handlers of some kinds want to know of the end.';
    COMMENT ON COLUMN queue.job_details.state IS 'The state of a live job, or how it ended: completed, failed or cancelled.';
    COMMENT ON COLUMN queue.job_details.why IS 'Why a live job does not run; null if it does.';
    COMMENT ON COLUMN queue.job_details.worker_id IS 'The worker that holds it, or that ended it.';
    FOR col IN
        SELECT a.attrelid::regclass AS type, a.attname, col_description(b.attrelid, b.attnum) AS meaning
        FROM pg_attribute a
        JOIN pg_attribute b ON b.attname = a.attname AND b.attrelid IN ('queue.job'::regclass, 'queue.job_history'::regclass)
        WHERE a.attrelid IN ('queue.cancelled_job'::regclass, 'queue.job_details'::regclass) AND col_description(a.attrelid, a.attnum) IS NULL
          AND col_description(b.attrelid, b.attnum) NOT LIKE 'As in queue.job%'
    LOOP
        EXECUTE format('COMMENT ON COLUMN %s.%I IS %L', col.type, col.attname, col.meaning);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION queue.failure_groups, queue.job_detail, queue.set_retention, queue.drop_schedule, queue.resume_schedule, queue.pause_schedule, queue.set_schedule,
    queue.set_limits, queue.resume, queue.drain, queue.pause, queue.set_priority_where, queue.set_priority, queue.redrive, queue.retry, queue.bring_back,
    queue.cancel_where, queue.cancel, queue.cancel_jobs, queue.ends_at_once, queue.enqueue, queue.wake,
    queue.need_max_jobs, queue.need_priority, queue.need_queue, queue.need;
DROP TYPE queue.job_details, queue.cancelled_job;
