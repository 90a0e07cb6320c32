-- Who is connected where. Nothing here outlives the sockets it tells of, so the
-- tables are unlogged: after a crash of the server, or on a promoted standby, they
-- are empty, and each replica reports anew within a few seconds.

-- +goose Up
CREATE UNLOGGED TABLE events.replica (
    id      uuid PRIMARY KEY,
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    turn    bigint      NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON TABLE events.replica IS 'Processes that serve sockets. One that has not been seen for ten seconds counts as dead.';
COMMENT ON COLUMN events.replica.id IS 'Drawn at the start of the process.';
COMMENT ON COLUMN events.replica.seen_at IS 'Last sign of life: one update a replica every three seconds, however many sockets it has.';
COMMENT ON COLUMN events.replica.turn IS 'Number of the last report. An earlier one that comes late, over a connection that was given up, counts for nothing.';

CREATE UNLOGGED TABLE events.presence (
    scope      text    NOT NULL CHECK (char_length(scope) BETWEEN 1 AND 200),
    subject    text    NOT NULL CHECK (char_length(subject) BETWEEN 1 AND 200),
    replica_id uuid    NOT NULL REFERENCES events.replica (id) ON DELETE CASCADE,
    n          integer NOT NULL CHECK (n > 0),
    info       json,
    PRIMARY KEY (scope, subject, replica_id)
);
CREATE INDEX presence_subject ON events.presence (subject);
CREATE INDEX presence_replica ON events.presence (replica_id);
COMMENT ON TABLE events.presence IS 'How often a subject is at a place on each replica.';
COMMENT ON COLUMN events.presence.scope IS 'The place: room:{id}, or sockets, where connections are counted.';
COMMENT ON COLUMN events.presence.subject IS 'Who: the id of a user; among sockets also ip:{address}.';
COMMENT ON COLUMN events.presence.n IS 'Sockets of the subject there, on that replica.';
COMMENT ON COLUMN events.presence.info IS 'What others are shown of the subject.';

-- +goose StatementBegin
CREATE FUNCTION events.report_presence(
    p_replica uuid, p_turn bigint, p_scopes text[], p_subjects text[], p_counts integer[], p_infos text[], p_enough integer
) RETURNS TABLE (elsewhere bigint, present bigint)
LANGUAGE plpgsql
AS $$
BEGIN
    -- No sweep in the middle: of somebody who leaves here while his other replica is
    -- swept away, each side would take him to be still on the other.
    PERFORM pg_advisory_xact_lock_shared(7363, 0);
    UPDATE events.replica r SET turn = p_turn WHERE r.id = p_replica AND r.turn < p_turn;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'replica % is not registered, or has reported since', p_replica USING ERRCODE = 'foreign_key_violation';
    END IF;
    FOR i IN 1 .. cardinality(p_scopes) LOOP
        -- Two replicas that report the same subject see each other's count: without
        -- this each might take its own to be the first, or the last.
        PERFORM pg_advisory_xact_lock(hashtextextended(p_scopes[i] || E'\n' || p_subjects[i], 0));
        IF p_counts[i] > 0 THEN
            INSERT INTO events.presence AS m (scope, subject, replica_id, n, info)
            VALUES (p_scopes[i], p_subjects[i], p_replica, p_counts[i], p_infos[i]::json)
            ON CONFLICT (scope, subject, replica_id) DO UPDATE SET n = excluded.n, info = excluded.info;
        ELSE
            DELETE FROM events.presence m
            WHERE m.scope = p_scopes[i] AND m.subject = p_subjects[i] AND m.replica_id = p_replica;
        END IF;
        SELECT coalesce(sum(m.n), 0) INTO elsewhere FROM events.presence m
        WHERE m.scope = p_scopes[i] AND m.subject = p_subjects[i] AND m.replica_id <> p_replica;
        SELECT count(*) INTO present
        FROM (
            SELECT DISTINCT m.subject FROM events.presence m
            WHERE m.scope = p_scopes[i] ORDER BY m.subject LIMIT p_enough
        ) AS counted;
        RETURN NEXT;
    END LOOP;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION events.report_presence(uuid, bigint, text[], text[], integer[], text[], integer) IS
    'Sets how often subjects are at places on a replica, zero meaning no longer. Returns, in the same order, how often each is there on other replicas, and how many subjects the place has, counting no further than p_enough. The arrays must be sorted by place and subject, so that two replicas do not wait for each other in a circle.';

-- +goose StatementBegin
CREATE FUNCTION events.sweep_presence(p_silence interval)
RETURNS TABLE (scope text, subject text, info json)
LANGUAGE plpgsql
AS $$
DECLARE
    v_dead uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM events.replica r WHERE r.seen_at < clock_timestamp() - p_silence) THEN
        RETURN; -- as nearly always, and without a lock
    END IF;
    PERFORM pg_advisory_xact_lock(7363, 0); -- see report_presence
    SELECT array_agg(dead.id) INTO v_dead FROM (
        SELECT r.id FROM events.replica r
        WHERE r.seen_at < clock_timestamp() - p_silence
        FOR UPDATE SKIP LOCKED
    ) AS dead;
    IF v_dead IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH gone AS (
        DELETE FROM events.presence m WHERE m.replica_id = ANY (v_dead) RETURNING m.scope, m.subject, m.info
    )
    SELECT DISTINCT ON (g.scope, g.subject) g.scope, g.subject, g.info FROM gone g
    WHERE NOT EXISTS (
        SELECT FROM events.presence m
        WHERE m.scope = g.scope AND m.subject = g.subject AND m.replica_id <> ALL (v_dead)
    );
    DELETE FROM events.replica r WHERE r.id = ANY (v_dead);
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION events.sweep_presence(interval) IS
    'Forgets replicas that have been silent for so long, and returns who is no longer anywhere because of it.';

REVOKE ALL ON FUNCTION events.report_presence, events.sweep_presence FROM PUBLIC;

-- +goose Down
DROP FUNCTION events.report_presence, events.sweep_presence;
DROP TABLE events.presence, events.replica;
