-- Who may do what. Roles belong to the whole Postgres cluster: another database, or
-- an administrator beforehand, may have made them, at this very moment too.

-- +goose Up

-- Sequences, tables and views are nobody's by default; functions are everybody's.
REVOKE ALL ON SCHEMA queue, events, partition FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA queue, events, partition FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA queue, events, partition FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA queue, events, partition FROM PUBLIC;

-- An INSERT by hand needs no more rights than to insert.
ALTER FUNCTION queue.before_job_insert() SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
-- Making and dropping partitions takes the owner of the table, which the application
-- need not be.
ALTER FUNCTION partition.ensure(regclass, interval, integer) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION partition.drop_expired(regclass, interval, interval, bigint) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

-- +goose StatementBegin
CREATE FUNCTION queue.make_role(name text, meaning text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF to_regrole(name) IS NULL THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        EXECUTE format('COMMENT ON ROLE %I IS %L', name, meaning);
    END IF;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN
        NULL; -- another database was faster
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'Role % is not there, and % may not create roles. Have it created, then call queue.grant_rights().', name, current_user;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.make_role(text, text) IS 'Makes a role unless it is there.';

-- +goose StatementBegin
CREATE FUNCTION queue.own_things(OUT kind text, OUT name text) RETURNS SETOF record
LANGUAGE sql STABLE
AS $$
    SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::regclass::text
    FROM pg_class c JOIN pg_namespace s ON s.oid = c.relnamespace
    WHERE s.nspname IN ('queue', 'events', 'partition', 'public') AND c.relkind IN ('r', 'p', 'v', 'S') AND pg_has_role(c.relowner, 'usage')
    UNION ALL
    SELECT 'FUNCTION', p.oid::regprocedure::text
    FROM pg_proc p JOIN pg_namespace s ON s.oid = p.pronamespace
    WHERE s.nspname IN ('queue', 'events', 'partition', 'public') AND p.prokind = 'f' AND pg_has_role(p.proowner, 'usage')
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.own_things() IS 'Tables, views, sequences and functions of the application''s schemas that the caller may grant rights on. There may be others in schema public.';

-- +goose StatementBegin
CREATE FUNCTION queue.grant_rights() RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    view regclass;
    thing record;
BEGIN
    IF to_regrole('son1k_reader') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA queue TO son1k_reader;
        FOR view IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'queue'::regnamespace AND c.relkind = 'v' LOOP
            EXECUTE format('GRANT SELECT ON %s TO son1k_reader', view);
        END LOOP;
        -- What the views call runs with the rights of whoever reads them.
        GRANT EXECUTE ON FUNCTION queue.bucket_ms, queue.percentile_ms, queue.known_queues, queue.measure, queue.count_held_up,
            queue.xmin_holders, queue.count_trouble TO son1k_reader;
    END IF;

    IF to_regrole('son1k_operator') IS NOT NULL THEN
        BEGIN
            IF NOT pg_has_role('son1k_operator', 'son1k_reader', 'member') THEN
                GRANT son1k_reader TO son1k_operator;
            END IF;
        EXCEPTION
            WHEN unique_violation OR internal_error THEN
                NULL; -- another database was faster
            WHEN insufficient_privilege OR undefined_object THEN
                RAISE NOTICE 'Role son1k_operator is not a member of son1k_reader: GRANT son1k_reader TO son1k_operator.';
        END;
        GRANT USAGE ON SCHEMA queue TO son1k_operator;
        GRANT EXECUTE ON FUNCTION queue.enqueue, queue.cancel, queue.cancel_where, queue.retry, queue.redrive, queue.set_priority, queue.set_priority_where,
            queue.pause, queue.resume, queue.drain, queue.set_limits, queue.set_schedule, queue.pause_schedule, queue.resume_schedule, queue.drop_schedule,
            queue.set_retention, queue.job_detail, queue.failure_groups TO son1k_operator;
        GRANT INSERT (queue, kind, key, priority, max_attempts, run_at, deadline_at, concurrency_key, concurrency_limit, traceparent, payload)
            ON queue.job TO son1k_operator;
        -- A default runs with the rights of whoever inserts.
        GRANT EXECUTE ON FUNCTION queue.draw_seq TO son1k_operator;
        GRANT USAGE ON SEQUENCE queue.ready_seq TO son1k_operator;
    END IF;

    IF to_regrole('son1k_app') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA queue, events, partition, public TO son1k_app;
        FOR thing IN SELECT t.kind, t.name FROM queue.own_things() t LOOP
            EXECUTE format('GRANT %s ON %s %s TO son1k_app',
                CASE thing.kind WHEN 'TABLE' THEN 'SELECT, INSERT, UPDATE, DELETE' WHEN 'SEQUENCE' THEN 'USAGE, SELECT' ELSE 'EXECUTE' END,
                thing.kind, thing.name);
        END LOOP;
        -- And to what later migrations make.
        ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO son1k_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public GRANT USAGE, SELECT ON SEQUENCES TO son1k_app;
        ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public GRANT EXECUTE ON FUNCTIONS TO son1k_app;
    END IF;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION queue.grant_rights() IS 'Gives the roles son1k_reader, son1k_operator and son1k_app, as far as they are there, their rights in this database.';

REVOKE ALL ON FUNCTION queue.make_role, queue.own_things, queue.grant_rights FROM PUBLIC;

SELECT queue.make_role('son1k_reader', 'Reads the views of schema queue.');
SELECT queue.make_role('son1k_operator', 'Reads the views of schema queue and calls its functions.');
SELECT queue.make_role('son1k_app', 'All that the application does in its database, for the role that it logs in as.');
SELECT queue.grant_rights();

-- +goose Down
-- The roles stay: other databases may use them.
-- +goose StatementBegin
DO $$
DECLARE
    role regrole;
    thing record;
BEGIN
    FOR role IN SELECT r.oid FROM pg_roles r WHERE r.rolname IN ('son1k_reader', 'son1k_operator', 'son1k_app') LOOP
        FOR thing IN SELECT t.kind, t.name FROM queue.own_things() t LOOP
            EXECUTE format('REVOKE ALL ON %s %s FROM %s', thing.kind, thing.name, role); -- of columns too
        END LOOP;
        EXECUTE format('REVOKE ALL ON SCHEMA queue, events, partition, public FROM %s', role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public REVOKE ALL ON TABLES FROM %s', role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public REVOKE ALL ON SEQUENCES FROM %s', role);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA queue, events, partition, public REVOKE ALL ON FUNCTIONS FROM %s', role);
    END LOOP;
END
$$;
-- +goose StatementEnd
DROP FUNCTION queue.grant_rights, queue.own_things, queue.make_role;
ALTER FUNCTION partition.drop_expired(regclass, interval, interval, bigint) SECURITY INVOKER RESET search_path;
ALTER FUNCTION partition.ensure(regclass, interval, integer) SECURITY INVOKER RESET search_path;
ALTER FUNCTION queue.before_job_insert() SECURITY INVOKER RESET search_path;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA queue, events, partition TO PUBLIC;
