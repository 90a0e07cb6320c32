-- The statements that move jobs, as functions: each plans its statements once
-- per connection, and always by index. A plan made from the statistics of a short
-- queue would be a sequential scan, and stay one when the queue is long. The
-- price that "never a sequential scan" puts on a plan would have it compiled,
-- hence no jit.
--
-- They are called in READ COMMITTED, where each statement inside sees what was
-- committed before it: who waits for a lock sees what its last holder did.

-- +goose Up

-- +goose StatementBegin
CREATE FUNCTION queue.add_error(errors jsonb, attempt smallint, worker uuid, started timestamptz, message text) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT CASE WHEN jsonb_array_length(errors) >= 10 THEN errors - 0 ELSE coalesce(errors, '[]') END
        || jsonb_build_array(jsonb_build_object('attempt', attempt, 'startedAt', started, 'at', now(), 'worker', worker, 'error', left(message, 2000)))
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.add_error(jsonb, smallint, uuid, timestamptz, text) IS 'Appends a failed attempt to a job''s errors, of which the last ten are kept.';

-- Concurrency keys. The truth is the jobs themselves: nothing is counted that
-- could go wrong. A lock per key, one of 1024 so that a big batch does not fill the
-- lock table, keeps two who look at the same time from both finding a place.

CREATE FUNCTION queue.key_lock(of_queue text, of_key text) RETURNS integer
LANGUAGE sql IMMUTABLE
RETURN hashtext(of_queue || chr(31) || of_key) & 1023;
COMMENT ON FUNCTION queue.key_lock(text, text) IS 'The advisory lock (7362, this) under which jobs with a concurrency key are admitted.';

-- +goose StatementBegin
CREATE FUNCTION queue.has_place(of_queue text, of_key text, of_limit smallint) RETURNS boolean
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
BEGIN
    RETURN (SELECT count(*) FROM (
        SELECT FROM queue.job j
        WHERE j.queue = of_queue AND j.concurrency_key = of_key AND j.state IN ('waiting', 'running')
        LIMIT of_limit) t) < of_limit;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.has_place(text, text, smallint) IS 'Whether fewer than so many jobs with a concurrency key are waiting or running. Call it under the key''s lock.';

-- +goose StatementBegin
CREATE FUNCTION queue.before_job_insert() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.by_hand THEN
        NEW.state := CASE WHEN NEW.run_at > clock_timestamp() THEN 'scheduled' ELSE 'waiting' END;
        NEW.seq := queue.draw_seq(); -- whatever was given
        NEW.attempt := 0;
        NEW.worker_id := NULL;
    END IF;
    IF NEW.concurrency_key IS NOT NULL AND NEW.state = 'waiting' THEN
        PERFORM pg_advisory_xact_lock(7362, queue.key_lock(NEW.queue, NEW.concurrency_key));
        IF NOT queue.has_place(NEW.queue, NEW.concurrency_key, NEW.concurrency_limit) THEN
            NEW.state := 'blocked';
        END IF;
    END IF;
    RETURN NEW;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.before_job_insert() IS 'Decides whether a job waits, is blocked or is scheduled; jobs inserted by hand get no say in that.';
CREATE TRIGGER before_insert BEFORE INSERT ON queue.job FOR EACH ROW
    WHEN (NEW.by_hand OR NEW.concurrency_key IS NOT NULL) EXECUTE FUNCTION queue.before_job_insert();

-- +goose StatementBegin
CREATE FUNCTION queue.announce_job() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_notify('son1k_queue', 'wake ' || NEW.queue); -- once per transaction, however many rows
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.announce_job() IS 'Wakes workers for a job that was inserted by hand.';
CREATE TRIGGER after_insert AFTER INSERT ON queue.job FOR EACH ROW
    WHEN (NEW.by_hand) EXECUTE FUNCTION queue.announce_job();

-- +goose StatementBegin
CREATE FUNCTION queue.unblock(of_queue text, of_key text) RETURNS integer
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    head record;
    freed integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(7362, queue.key_lock(of_queue, of_key)) THEN
        -- Somebody is enqueuing, and may not have seen that there is a place. Not
        -- to wait: it may be a transaction that was left open.
        INSERT INTO queue.unblock_note (queue, concurrency_key) VALUES (of_queue, of_key);
        RETURN 0;
    END IF;
    LOOP
        SELECT j.ctid AS tid, j.concurrency_limit INTO head FROM queue.job j
        WHERE j.queue = of_queue AND j.concurrency_key = of_key AND j.state = 'blocked'
        ORDER BY j.priority, j.seq LIMIT 1
        FOR UPDATE SKIP LOCKED;
        EXIT WHEN NOT FOUND OR NOT queue.has_place(of_queue, of_key, head.concurrency_limit);
        UPDATE queue.job j SET state = 'waiting', seq = queue.draw_seq() WHERE j.ctid = head.tid;
        freed := freed + 1;
    END LOOP;
    RETURN freed;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.unblock(text, text) IS 'Lets blocked jobs with a concurrency key go on, as far as there is place. Returns how many.';

-- +goose StatementBegin
CREATE FUNCTION queue.after_job_delete() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM queue.unblock(OLD.queue, OLD.concurrency_key);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.after_job_delete() IS 'The place of a job that leaves goes to the next blocked one.';
CREATE TRIGGER after_delete AFTER DELETE ON queue.job FOR EACH ROW
    WHEN (OLD.concurrency_key IS NOT NULL AND OLD.state IN ('waiting', 'running')) EXECUTE FUNCTION queue.after_job_delete();

-- +goose StatementBegin
CREATE FUNCTION queue.unblock_noted() RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    note record;
    freed integer := 0;
BEGIN
    FOR note IN
        WITH gone AS (
            DELETE FROM queue.unblock_note n
            WHERE n.ctid = ANY (ARRAY(SELECT t.ctid FROM queue.unblock_note t LIMIT 100 FOR UPDATE SKIP LOCKED))
            RETURNING n.queue, n.concurrency_key)
        SELECT DISTINCT g.queue, g.concurrency_key FROM gone g
    LOOP
        freed := freed + queue.unblock(note.queue, note.concurrency_key);
    END LOOP;
    RETURN freed;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.unblock_noted() IS 'Does what queue.unblock could not do at once. Returns how many jobs go on.';

-- +goose StatementBegin
CREATE FUNCTION queue.unblock_all() RETURNS integer
LANGUAGE sql
AS $$
    SELECT coalesce(sum(queue.unblock(k.queue, k.concurrency_key)), 0)::integer
    FROM (SELECT DISTINCT j.queue, j.concurrency_key FROM queue.job j WHERE j.state = 'blocked') k
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.unblock_all() IS 'Looks at every concurrency key with blocked jobs: needed only after somebody changed jobs or limits by hand.';

-- Claiming.

-- +goose StatementBegin
CREATE FUNCTION queue.horizon(look_closely boolean, OUT seq bigint, OUT next_xid bigint, OUT oldest_writer bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    -- The order matters: a transaction with an xid from next_xid on draws its
    -- numbers after seq was read.
    SELECT s.last_value INTO seq FROM queue.ready_seq s;
    -- The xmax of a snapshot is not the xid to be assigned next but the one after the
    -- last that has ended: there may be running ones from it on. age() counts from
    -- the next.
    SELECT pg_snapshot_xmax(s)::text::bigint + age(pg_snapshot_xmax(s)::xid), pg_snapshot_xmin(s)::text::bigint INTO next_xid, oldest_writer
    FROM pg_current_snapshot() s;
    IF NOT look_closely OR oldest_writer = next_xid THEN
        RETURN;
    END IF;
    -- The oldest transaction may have nothing to do with jobs. Those that have hold
    -- a lock on the table from before their first number until they end.
    WITH l AS MATERIALIZED (
        SELECT p.virtualtransaction, p.locktype, p.mode, p.relation, p.database, p.transactionid FROM pg_locks p WHERE p.granted
    )
    SELECT next_xid - coalesce(max(w.behind), 0) INTO oldest_writer
    FROM l JOIN l x ON x.virtualtransaction = l.virtualtransaction AND x.locktype = 'transactionid' AND x.mode = 'ExclusiveLock'
    CROSS JOIN LATERAL (SELECT ((next_xid & 4294967295) - x.transactionid::text::bigint + 4294967296) % 4294967296 AS behind) w
    WHERE l.locktype = 'relation' AND l.relation = 'queue.job'::regclass AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
      AND w.behind < 2147483648; -- not ahead: one that has begun since
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.horizon(boolean) IS 'For low-water marks: the last place in line drawn (seq), the next xid, and a lower bound of the xids of running transactions that may have drawn places. When a later oldest_writer has reached next_xid, no job with a place up to seq can appear any more.';

-- +goose StatementBegin
CREATE FUNCTION queue.scout(of_queue text, priorities smallint[], marks bigint[], OUT priority smallint, OUT head bigint) RETURNS SETOF record
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    low integer := 0;
    high integer;
BEGIN
    FOR i IN 1 .. cardinality(priorities) + 1 LOOP
        high := CASE WHEN i <= cardinality(priorities) THEN priorities[i] ELSE 32768 END;
        LOOP -- priorities in between that the caller does not know
            SELECT j.priority, j.seq INTO priority, head FROM queue.job j
            WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority >= low AND j.priority < high
            ORDER BY j.priority, j.seq LIMIT 1;
            EXIT WHEN NOT FOUND;
            RETURN NEXT;
            low := priority + 1;
        END LOOP;
        EXIT WHEN i > cardinality(priorities);
        priority := priorities[i];
        SELECT j.seq INTO head FROM queue.job j
        WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = priorities[i] AND j.seq >= marks[i]
        ORDER BY j.seq LIMIT 1;
        RETURN NEXT; -- head is null if none waits
        low := high + 1;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.scout(text, smallint[], bigint[]) IS 'The first waiting place of each priority: of those given, from their marks on, and of those that come up beside them.';

-- +goose StatementBegin
CREATE FUNCTION queue.allowance(q queue.queue) RETURNS integer
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    allowed integer := 2147483647;
    spent integer;
BEGIN
    IF q.max_running IS NOT NULL THEN
        SELECT q.max_running - count(*) INTO allowed
        FROM queue.worker w CROSS JOIN LATERAL (
            SELECT FROM queue.job j
            WHERE j.worker_id = w.id AND j.claim_no >= w.claim_floor AND j.state = 'running' AND j.queue = q.name
            LIMIT q.max_running) r
        WHERE w.queue = q.name AND (w.dead_at IS NULL OR w.dead_at > now() - interval '5 minutes');
    END IF;
    IF q.rate_limit IS NOT NULL THEN
        SELECT (SELECT coalesce(sum(c.n), 0) FROM unnest(r.at, r.n) AS c (at, n) WHERE c.at > clock_timestamp() - q.rate_window) INTO spent
        FROM queue.rate r WHERE r.queue = q.name ORDER BY r.version DESC LIMIT 1;
        allowed := least(allowed, q.rate_limit - coalesce(spent, 0));
    END IF;
    RETURN allowed;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.allowance(queue.queue) IS 'How many more jobs the limits of a queue let run now. Call it under the queue''s claim lock.';

-- +goose StatementBegin
CREATE FUNCTION queue.spend(q queue.queue, taken integer, taken_at timestamptz) RETURNS void
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
AS $$
DECLARE
    r queue.rate;
    last integer;
BEGIN
    SELECT t.* INTO r FROM queue.rate t WHERE t.queue = q.name ORDER BY t.version DESC LIMIT 1;
    IF NOT FOUND THEN
        INSERT INTO queue.rate (queue, version, at, n) VALUES (q.name, 1, ARRAY[taken_at], ARRAY[taken]);
        RETURN;
    END IF;
    SELECT coalesce(array_agg(c.at ORDER BY c.at), '{}'), coalesce(array_agg(c.n ORDER BY c.at), '{}') INTO r.at, r.n
    FROM unnest(r.at, r.n) AS c (at, n) WHERE c.at > taken_at - q.rate_window;
    last := cardinality(r.at);
    IF last > 1 AND taken_at - r.at[last - 1] < q.rate_window / 64 THEN
        -- So that few entries tell it all. Counting some a little later is on the safe side.
        r.at[last] := taken_at;
        r.n[last] := r.n[last] + taken;
    ELSE
        r.at := r.at || taken_at;
        r.n := r.n || taken;
    END IF;
    UPDATE queue.rate t SET version = t.version + 1, at = r.at, n = r.n WHERE t.queue = q.name AND t.version = r.version;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.spend(queue.queue, integer, timestamptz) IS 'Notes claims for the rate limit of a queue. Call it under the queue''s claim lock.';

-- +goose StatementBegin
CREATE FUNCTION queue.next_claim(of_queue text) RETURNS double precision
LANGUAGE sql
AS $$
    SELECT greatest(extract(epoch FROM min(c.at) + min(q.rate_window) - clock_timestamp()), 0)
    FROM queue.queue q
    CROSS JOIN LATERAL (SELECT t.at, t.n FROM queue.rate t WHERE t.queue = q.name ORDER BY t.version DESC LIMIT 1) r
    CROSS JOIN LATERAL unnest(r.at, r.n) AS c (at, n)
    WHERE q.name = of_queue AND c.at > clock_timestamp() - q.rate_window
    HAVING sum(c.n) >= min(q.rate_limit)
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.next_claim(text) IS 'Seconds until the rate limit of a queue lets another job be claimed; null if it does now.';

-- +goose StatementBegin
CREATE FUNCTION queue.claim(by_worker uuid, as_claim bigint, of_queue text, of_kinds text[], max_jobs integer, claimed_before bigint, priorities smallint[], marks bigint[])
RETURNS SETOF queue.job
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    q queue.queue;
    n integer := max_jobs;
    fair_jobs bigint := 0;
    picked tid[] := '{}';
    low integer := 0;
    high integer;
    found_priority smallint;
    claimed_at timestamptz;
    taken integer;
BEGIN
    -- A claim that a crash of the server forgets has never been. What the worker does
    -- about such a job counts for nothing.
    PERFORM set_config('synchronous_commit', 'off', true);
    SELECT t.* INTO q FROM queue.queue t WHERE t.name = of_queue;
    IF q.rate_limit IS NOT NULL OR q.max_running IS NOT NULL THEN
        PERFORM pg_advisory_xact_lock(7361, hashtext(of_queue)); -- the queue's claim lock
        SELECT t.* INTO q FROM queue.queue t WHERE t.name = of_queue; -- may have changed while this waited
        n := least(n, queue.allowance(q));
    END IF;
    IF n < 1 OR q.paused_at IS NOT NULL OR NOT EXISTS (SELECT FROM queue.worker w WHERE w.id = by_worker AND w.dead_at IS NULL) THEN
        RETURN;
    END IF;

    IF q.fair_every > 0 THEN
        fair_jobs := (claimed_before + n) / q.fair_every - claimed_before / q.fair_every;
    END IF;
    IF fair_jobs > 0 AND cardinality(priorities) > 1 THEN -- first the ones that have waited longest
        picked := ARRAY(
            SELECT h.tid FROM unnest(priorities, marks) AS lane (priority, mark)
            CROSS JOIN LATERAL (
                SELECT j.ctid AS tid, j.seq FROM queue.job j
                WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = lane.priority AND j.seq >= lane.mark
                  AND j.kind = ANY (of_kinds)
                ORDER BY j.seq LIMIT least(fair_jobs, n)
                FOR UPDATE SKIP LOCKED) h
            ORDER BY h.seq LIMIT least(fair_jobs, n));
    END IF;
    FOR i IN 1 .. cardinality(priorities) + 1 LOOP
        EXIT WHEN cardinality(picked) >= n;
        high := CASE WHEN i <= cardinality(priorities) THEN priorities[i] ELSE 32768 END;
        LOOP -- priorities in between that the caller does not know
            SELECT j.priority INTO found_priority FROM queue.job j
            WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority >= low AND j.priority < high
            ORDER BY j.priority, j.seq LIMIT 1;
            EXIT WHEN NOT FOUND OR cardinality(picked) >= n;
            picked := picked || ARRAY(
                SELECT j.ctid FROM queue.job j
                WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = found_priority AND j.kind = ANY (of_kinds)
                ORDER BY j.seq LIMIT n - cardinality(picked)
                FOR UPDATE SKIP LOCKED);
            low := found_priority + 1;
        END LOOP;
        EXIT WHEN i > cardinality(priorities);
        picked := picked || ARRAY(
            SELECT j.ctid FROM queue.job j
            WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = priorities[i] AND j.seq >= marks[i]
              AND j.kind = ANY (of_kinds) AND j.ctid <> ALL (picked)
            ORDER BY j.seq LIMIT n - cardinality(picked)
            FOR UPDATE SKIP LOCKED);
        low := high + 1;
    END LOOP;
    IF picked = '{}' THEN
        RETURN;
    END IF;

    claimed_at := clock_timestamp();
    RETURN QUERY
        UPDATE queue.job j
        SET state = 'running', worker_id = by_worker, claim_no = as_claim, attempt = j.attempt + 1, started_at = claimed_at,
            progress = 0, stage = NULL
        WHERE j.ctid = ANY (picked)
        RETURNING j.*;
    GET DIAGNOSTICS taken = ROW_COUNT;
    IF q.rate_limit IS NOT NULL THEN
        PERFORM queue.spend(q, taken, claimed_at);
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.claim(uuid, bigint, text, text[], integer, bigint, smallint[], bigint[]) IS
    'Takes up to max_jobs waiting jobs for a worker: of those that it has claimed, with the claimed_before earlier ones, every fair_every-th is the one that has waited longest; the others are those of the best priorities, in order. priorities (ascending) and marks say from which place on to look; jobs of other priorities are found too.';

-- +goose StatementBegin
CREATE FUNCTION queue.claim_doomed(by_worker uuid, as_claim bigint, of_queue text, of_kinds text[], max_jobs integer)
RETURNS SETOF queue.job
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM queue.worker w WHERE w.id = by_worker AND w.dead_at IS NULL) THEN
        RETURN;
    END IF;
    RETURN QUERY
        UPDATE queue.job j
        SET state = 'running', worker_id = by_worker, claim_no = as_claim, attempt = j.attempt + 1, started_at = clock_timestamp()
        WHERE j.ctid = ANY (ARRAY(
                  SELECT c.ctid FROM queue.job c
                  WHERE c.queue = of_queue AND c.cancel_requested_at IS NOT NULL AND c.state <> 'running' AND c.kind = ANY (of_kinds)
                  LIMIT max_jobs FOR UPDATE SKIP LOCKED) || ARRAY(
                  SELECT d.ctid FROM queue.job d
                  WHERE d.queue = of_queue AND d.deadline_at <= now() AND d.state <> 'running' AND d.kind = ANY (of_kinds)
                  ORDER BY d.deadline_at LIMIT max_jobs FOR UPDATE SKIP LOCKED))
        RETURNING j.*;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.claim_doomed(uuid, bigint, text, text[], integer) IS 'Takes jobs that will not run any more, because somebody cancelled them or their deadline has passed, so that a worker ends them properly. It asks neither for priority nor for limits nor whether the queue is paused.';

-- Ending. Only a running job has a worker_id. To ask for the state beside it would
-- let the planner look through all that the worker ever held (job_running_idx)
-- rather than for the job's id.

-- +goose StatementBegin
CREATE FUNCTION queue.finish(by_worker uuid, ids bigint[], seqs bigint[], results jsonb[], how queue.outcome, message text)
RETURNS SETOF bigint
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN QUERY
        WITH gone AS (
            DELETE FROM queue.job j
            USING unnest(ids, seqs, results) AS done (id, seq, result)
            WHERE j.id = done.id AND j.seq = done.seq AND j.worker_id = by_worker
            RETURNING j.*, done.result
        )
        INSERT INTO queue.job_history (id, outcome, created_at, run_at, started_at, deadline_at, worker_id, priority, attempt, max_attempts,
                                       concurrency_limit, redriven, queue, kind, key, concurrency_key, traceparent, payload, result, checkpoint, errors)
        SELECT g.id, how, g.created_at, g.run_at, g.started_at, g.deadline_at, g.worker_id, g.priority, g.attempt, g.max_attempts,
               g.concurrency_limit, g.redriven, g.queue, g.kind, g.key, g.concurrency_key, g.traceparent, g.payload, g.result, g.checkpoint,
               CASE WHEN message IS NULL THEN g.errors ELSE queue.add_error(g.errors, g.attempt, g.worker_id, g.started_at, message) END
        FROM gone g
        RETURNING id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.finish(uuid, bigint[], bigint[], jsonb[], queue.outcome, text) IS
    'Moves jobs that a worker holds to the history and returns those that it really held. A worker names what it holds by (id, seq, worker): a job draws a new seq whenever it stops running, so that one who held it earlier, even the same worker, has no more say.';

-- +goose StatementBegin
CREATE FUNCTION queue.end_waiting(ids bigint[], how queue.outcome, message text)
RETURNS SETOF bigint
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
BEGIN
    RETURN QUERY
        WITH gone AS (
            DELETE FROM queue.job j
            WHERE j.id = ANY (ids) AND j.state <> 'running'
            RETURNING j.*
        )
        INSERT INTO queue.job_history (id, outcome, created_at, run_at, started_at, deadline_at, worker_id, priority, attempt, max_attempts,
                                       concurrency_limit, redriven, queue, kind, key, concurrency_key, traceparent, payload, checkpoint, errors)
        SELECT g.id, how, g.created_at, g.run_at, g.started_at, g.deadline_at, g.worker_id, g.priority, g.attempt, g.max_attempts,
               g.concurrency_limit, g.redriven, g.queue, g.kind, g.key, g.concurrency_key, g.traceparent, g.payload, g.checkpoint,
               CASE WHEN message IS NULL THEN g.errors ELSE queue.add_error(g.errors, g.attempt, g.worker_id, g.started_at, message) END
        FROM gone g
        RETURNING id;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.end_waiting(bigint[], queue.outcome, text) IS 'Moves jobs that nobody runs to the history and returns those that it moved.';

-- +goose StatementBegin
CREATE FUNCTION queue.put_back(by_worker uuid, of_job bigint, of_seq bigint, delay interval, message text, even_cancelled boolean)
RETURNS boolean
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    later boolean := delay > '0';
    j queue.job;
BEGIN
    UPDATE queue.job t
    SET state = CASE WHEN later THEN 'scheduled' ELSE 'waiting' END::queue.job_state,
        worker_id = NULL, run_at = clock_timestamp() + delay, seq = queue.draw_seq(), progress = 0, stage = NULL,
        attempt = t.attempt - CASE WHEN message IS NULL THEN 1 ELSE 0 END,
        errors = CASE WHEN message IS NULL THEN t.errors ELSE queue.add_error(t.errors, t.attempt, t.worker_id, t.started_at, message) END
    WHERE t.id = of_job AND t.seq = of_seq AND t.worker_id = by_worker
      AND (even_cancelled OR t.cancel_requested_at IS NULL)
    RETURNING t.* INTO j;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF later AND j.concurrency_key IS NOT NULL THEN
        PERFORM queue.unblock(j.queue, j.concurrency_key); -- whoever waits for a time needs no place meanwhile
    END IF;
    RETURN true;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.put_back(uuid, bigint, bigint, interval, text, boolean) IS 'Puts a job that a worker holds back, to be ready after a delay. With a message the attempt failed; without, it is as if it had not been. False if the worker does not hold the job, or if the job is to be cancelled.';

-- +goose StatementBegin
CREATE FUNCTION queue.promote(of_queue text, after timestamptz, max_jobs integer, OUT promoted integer, OUT next_at timestamptz)
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    due tid[];
    keys text[];
BEGIN
    due := ARRAY(
        SELECT j.ctid FROM queue.job j
        WHERE j.queue = of_queue AND j.state = 'scheduled' AND j.run_at >= after AND j.run_at <= clock_timestamp()
        ORDER BY j.run_at LIMIT max_jobs
        FOR UPDATE SKIP LOCKED);
    promoted := cardinality(due);
    IF promoted > 0 THEN
        WITH ready AS (
            UPDATE queue.job j
            SET state = CASE WHEN j.concurrency_key IS NULL THEN 'waiting' ELSE 'blocked' END::queue.job_state, seq = queue.draw_seq()
            FROM unnest(due) AS d (tid) -- in this order they draw their places
            WHERE j.ctid = d.tid
            RETURNING j.concurrency_key
        )
        SELECT array_agg(DISTINCT r.concurrency_key) INTO keys FROM ready r WHERE r.concurrency_key IS NOT NULL;
        PERFORM queue.unblock(of_queue, k) FROM unnest(keys) AS k;
    END IF;
    SELECT j.run_at INTO next_at FROM queue.job j
    WHERE j.queue = of_queue AND j.state = 'scheduled' AND j.run_at >= after
    ORDER BY j.run_at LIMIT 1;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.promote(text, timestamptz, integer) IS 'Makes scheduled jobs of a queue ready that are due, in the order of their times from after on. Returns how many, and when the next one is due.';

-- Workers.

-- +goose StatementBegin
CREATE FUNCTION queue.rescue(dead_after interval, OUT id bigint, OUT queue text, OUT priority smallint) RETURNS SETOF record
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
#variable_conflict use_column
BEGIN
    -- It waits for no lock, because the caller has a heartbeat to keep: what is
    -- locked comes next time.
    UPDATE queue.worker w SET dead_at = now()
    WHERE w.id IN (
        SELECT s.id FROM queue.worker s
        WHERE s.dead_at IS NULL AND s.heartbeat_at < now() - dead_after
        FOR UPDATE SKIP LOCKED);
    RETURN QUERY
        UPDATE queue.job j
        SET state = 'waiting', worker_id = NULL, seq = queue.draw_seq(), progress = 0, stage = NULL, run_at = clock_timestamp(),
            errors = queue.add_error(j.errors, j.attempt, j.worker_id, j.started_at, 'The worker died.')
        WHERE j.ctid = ANY (ARRAY(
            SELECT held.tid FROM queue.worker w CROSS JOIN LATERAL (
                SELECT r.ctid AS tid FROM queue.job r
                WHERE r.worker_id = w.id AND r.claim_no >= w.claim_floor AND r.state = 'running'
                FOR UPDATE SKIP LOCKED) held
            WHERE w.dead_at > now() - interval '5 minutes')) -- no claim of a dead worker is under way for longer
        RETURNING j.id, j.queue, j.priority;
    DELETE FROM queue.worker w WHERE w.dead_at < now() - interval '1 hour';
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.rescue(interval) IS 'Declares workers dead that have been silent for so long, and gives back what dead workers hold. The attempt stays counted.';

-- +goose StatementBegin
CREATE FUNCTION queue.rescue_orphans() RETURNS SETOF bigint
LANGUAGE sql
AS $$
    UPDATE queue.job j
    SET state = 'waiting', worker_id = NULL, seq = queue.draw_seq(), progress = 0, stage = NULL, run_at = clock_timestamp(),
        errors = queue.add_error(j.errors, j.attempt, j.worker_id, j.started_at, 'The worker is not known.')
    WHERE j.ctid = ANY (ARRAY(
        SELECT r.ctid FROM queue.job r
        WHERE r.state = 'running' AND NOT EXISTS (
            SELECT FROM queue.worker w WHERE w.id = r.worker_id AND (w.dead_at IS NULL OR w.dead_at > now() - interval '5 minutes'))
        FOR UPDATE SKIP LOCKED))
    RETURNING j.id
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.rescue_orphans() IS 'Gives back running jobs of workers that have no row, as after somebody deleted rows of queue.worker, or that have been dead for long.';

-- +goose StatementBegin
CREATE FUNCTION queue.park(of_queue text, priorities smallint[], marks bigint[], max_jobs integer) RETURNS integer
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    known text[];
    parked integer;
BEGIN
    SELECT array_agg(DISTINCT k) INTO known FROM queue.worker w, unnest(w.kinds) k WHERE w.queue = of_queue AND w.dead_at IS NULL;
    WITH aside AS (
        UPDATE queue.job j SET state = 'parked'
        WHERE j.state = 'waiting' AND j.id = ANY (ARRAY(
            -- Only those that stand in the way, at the head of the lane. Not to lock the
            -- others matters: a claim would step over them.
            SELECT h.id FROM unnest(priorities, marks) AS lane (priority, mark)
            CROSS JOIN LATERAL (
                SELECT w.id, w.kind, w.run_at FROM queue.job w
                WHERE w.queue = of_queue AND w.state = 'waiting' AND w.priority = lane.priority AND w.seq >= lane.mark
                ORDER BY w.seq LIMIT max_jobs) h
            WHERE h.kind <> ALL (known) AND h.run_at < now() - interval '1 second'))
        RETURNING j.concurrency_key
    ), noted AS (
        INSERT INTO queue.unblock_note (queue, concurrency_key) -- they may never run, so they hold no place
        SELECT DISTINCT of_queue, a.concurrency_key FROM aside a WHERE a.concurrency_key IS NOT NULL
    )
    SELECT count(*) INTO parked FROM aside;
    RETURN parked;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.park(text, smallint[], bigint[], integer) IS 'Puts waiting jobs aside whose kind no live worker of their queue knows, so that claims need not step over them. Returns how many.';

-- +goose StatementBegin
CREATE FUNCTION queue.unpark(of_queue text, of_kinds text[], max_jobs integer) RETURNS integer
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    freed integer;
BEGIN
    WITH ready AS (
        UPDATE queue.job j SET state = CASE WHEN j.concurrency_key IS NULL THEN 'waiting' ELSE 'blocked' END::queue.job_state, seq = queue.draw_seq()
        FROM unnest(ARRAY(
            SELECT p.ctid FROM unnest(of_kinds) AS k (kind) CROSS JOIN LATERAL (
                SELECT p.ctid, p.seq FROM queue.job p
                WHERE p.queue = of_queue AND p.state = 'parked' AND p.kind = k.kind
                ORDER BY p.seq LIMIT max_jobs FOR UPDATE SKIP LOCKED) p
            ORDER BY p.seq LIMIT max_jobs)) AS d (tid)
        WHERE j.ctid = d.tid
        RETURNING j.concurrency_key
    ), keys AS (
        SELECT DISTINCT r.concurrency_key FROM ready r WHERE r.concurrency_key IS NOT NULL
    ), noted AS (
        INSERT INTO queue.unblock_note (queue, concurrency_key) SELECT of_queue, k.concurrency_key FROM keys k
    )
    SELECT count(*) INTO freed FROM ready;
    RETURN freed;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.unpark(text, text[], integer) IS 'Puts parked jobs in line again whose kind the caller knows. Returns how many.';

-- +goose StatementBegin
CREATE FUNCTION queue.count_running(of_queue text) RETURNS bigint
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
BEGIN
    RETURN (
        SELECT coalesce(sum(r.n), 0) FROM queue.worker w CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM queue.job j
            WHERE j.worker_id = w.id AND j.claim_no >= w.claim_floor AND j.state = 'running') r
        WHERE w.queue = of_queue AND (w.dead_at IS NULL OR w.dead_at > now() - interval '5 minutes'));
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.count_running(text) IS 'How many jobs of a queue run.';

-- For readers. They begin at the heads of the lanes, found from the saved marks.

-- +goose StatementBegin
CREATE FUNCTION queue.heads(of_queue text, OUT priority smallint, OUT head bigint) RETURNS SETOF record
LANGUAGE sql STABLE
AS $$
    SELECT s.priority, s.head
    FROM queue.scout(of_queue,
        ARRAY(SELECT l.priority FROM queue.lane l WHERE l.queue = of_queue ORDER BY l.priority),
        ARRAY(SELECT l.mark FROM queue.lane l WHERE l.queue = of_queue ORDER BY l.priority)) s
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.heads(text) IS 'The first waiting place of each priority of a queue; null where none waits.';

-- +goose StatementBegin
CREATE FUNCTION queue.depth(of_queue text, max_count integer, OUT priority smallint, OUT waiting bigint, OUT exact boolean, OUT oldest_at timestamptz)
RETURNS SETOF record
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    lane record;
BEGIN
    FOR lane IN SELECT h.priority AS p, h.head FROM queue.heads(of_queue) h LOOP
        priority := lane.p;
        waiting := 0;
        exact := true;
        oldest_at := NULL;
        IF lane.head IS NOT NULL THEN
            SELECT count(*) INTO waiting FROM (
                SELECT FROM queue.job j
                WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = lane.p AND j.seq >= lane.head
                LIMIT max_count) t;
            SELECT j.run_at INTO oldest_at FROM queue.job j
            WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = lane.p AND j.seq >= lane.head
            ORDER BY j.seq LIMIT 1;
            exact := waiting < max_count;
        END IF;
        IF NOT exact THEN
            waiting := greatest(waiting, (SELECT l.waiting FROM queue.lane l WHERE l.queue = of_queue AND l.priority = lane.p));
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.depth(text, integer) IS 'For each priority of a queue how many jobs wait, and since when the first of them has been ready. What is more than max_count is as the workers counted it last.';

-- +goose StatementBegin
CREATE FUNCTION queue.ahead(of_queue text, of_priority smallint, of_seq bigint, max_count integer) RETURNS bigint
LANGUAGE plpgsql
SET jit = off SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
AS $$
DECLARE
    lane record;
    n bigint;
    total bigint := 0;
BEGIN
    FOR lane IN SELECT h.priority AS p, h.head FROM queue.heads(of_queue) h WHERE h.priority <= of_priority AND h.head IS NOT NULL LOOP
        SELECT count(*) INTO n FROM (
            SELECT FROM queue.job j
            WHERE j.queue = of_queue AND j.state = 'waiting' AND j.priority = lane.p AND j.seq >= lane.head
              AND j.seq < CASE WHEN lane.p = of_priority THEN of_seq ELSE 9223372036854775807 END
            LIMIT max_count - total) t;
        total := total + n;
        EXIT WHEN total >= max_count;
    END LOOP;
    RETURN total;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.ahead(text, smallint, bigint, integer) IS 'How many jobs wait before a place in line, counted up to max_count.';

-- +goose Down
DROP FUNCTION queue.count_running, queue.ahead, queue.depth, queue.heads, queue.next_claim, queue.unpark, queue.park, queue.rescue_orphans, queue.rescue, queue.promote, queue.put_back, queue.end_waiting, queue.finish,
    queue.claim_doomed, queue.claim, queue.spend, queue.allowance, queue.scout, queue.horizon, queue.unblock_all, queue.unblock_noted;
DROP TRIGGER after_delete ON queue.job;
DROP TRIGGER after_insert ON queue.job;
DROP TRIGGER before_insert ON queue.job;
DROP FUNCTION queue.after_job_delete, queue.unblock, queue.announce_job, queue.before_job_insert, queue.has_place, queue.key_lock,
    queue.add_error(jsonb, smallint, uuid, timestamptz, text);
