-- What every later migration builds on: time-ordered ids and partition upkeep.

-- +goose Up
-- +goose StatementBegin
CREATE FUNCTION uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    -- RFC 9562, section 5.7: 48 bits of milliseconds, then random bits under
    -- the version and variant of the version 4 uuid that they come from.
    SELECT encode(
        set_bit(
            set_bit(
                overlay(uuid_send(gen_random_uuid())
                    PLACING substring(int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6),
                52, 1),
            53, 1),
        'hex')::uuid
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION uuid_v7() IS 'A time-ordered uuid (RFC 9562 version 7), for rows inserted by hand; the application makes its own.';

CREATE FUNCTION utc_day(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (at AT TIME ZONE 'UTC')::date;
COMMENT ON FUNCTION utc_day(timestamptz) IS 'The calendar day in UTC.';

CREATE FUNCTION utc_month(at timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN date_trunc('month', at AT TIME ZONE 'UTC')::date;
COMMENT ON FUNCTION utc_month(timestamptz) IS 'The first day of the calendar month in UTC.';

CREATE SCHEMA partition;
COMMENT ON SCHEMA partition IS 'Upkeep of tables partitioned by time: create ahead, drop behind. Bounds are in UTC whatever the session says.';

-- +goose StatementBegin
CREATE FUNCTION partition.name_of(parent regclass, lower_bound timestamptz) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT c.relname || to_char(lower_bound AT TIME ZONE 'UTC', '_YYYYMMDD_HH24MI')
    FROM pg_class c WHERE c.oid = parent
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION partition.name_of(regclass, timestamptz) IS 'Name of the partition of a table that starts at the given time.';

-- +goose StatementBegin
CREATE FUNCTION partition.ensure(parent regclass, step interval, ahead integer) RETURNS integer
LANGUAGE plpgsql
SET timezone = 'UTC' -- elsewhere a day is not always 24 hours
AS $$
DECLARE
    lower_bound timestamptz;
    name text;
    default_name text;
    schema_name text := (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = parent);
    key text := (SELECT a.attname FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0] WHERE p.partrelid = parent);
    made integer := 0;
BEGIN
    -- One caller at a time. This stops neither reads nor writes.
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent);
    SELECT p.partdefid::regclass::text INTO default_name FROM pg_partitioned_table p WHERE p.partrelid = parent AND p.partdefid <> 0;
    FOR i IN 0..ahead LOOP
        lower_bound := date_bin(step, now(), 'epoch') + i * step;
        name := partition.name_of(parent, lower_bound);
        CONTINUE WHEN to_regclass(format('%I.%I', schema_name, name)) IS NOT NULL;
        -- A table made apart and attached takes a lock that lets inserts go on;
        -- CREATE TABLE ... PARTITION OF would stop them.
        EXECUTE format('CREATE TABLE %I.%I (LIKE %s INCLUDING ALL)', schema_name, name, parent);
        IF default_name IS NOT NULL THEN
            -- What came while nobody made partitions moves to its right place.
            -- The lock, which attaching takes anyway, lets no more come meanwhile.
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', default_name);
            EXECUTE format('WITH moved AS (DELETE FROM %s WHERE %I >= %L AND %I < %L RETURNING *) INSERT INTO %I.%I SELECT * FROM moved',
                default_name, key, lower_bound, key, lower_bound + step, schema_name, name);
        END IF;
        EXECUTE format('ALTER TABLE %s ATTACH PARTITION %I.%I FOR VALUES FROM (%L) TO (%L)',
            parent, schema_name, name, lower_bound, lower_bound + step);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION partition.ensure(regclass, interval, integer) IS 'Makes the partitions of a table for now and the given number of steps ahead. Returns how many it made.';

-- +goose StatementBegin
CREATE FUNCTION partition.drop_expired(parent regclass, step interval, keep interval, keep_rows bigint DEFAULT 0) RETURNS integer
LANGUAGE plpgsql
SET timezone = 'UTC'
AS $$
DECLARE
    part record;
    leftover record;
    kept bigint := 0;
    counted bigint;
    dropped integer := 0;
BEGIN
    EXECUTE format('LOCK TABLE ONLY %s IN SHARE UPDATE EXCLUSIVE MODE', parent); -- as above
    -- Newest first, so that the rows to keep are counted before anything goes.
    FOR part IN
        SELECT c.oid::regclass AS name,
               to_timestamp(right(c.relname, 13), 'YYYYMMDD_HH24MI')::timestamp AT TIME ZONE 'UTC' + step AS upper_bound
        FROM pg_inherits i
        JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = parent AND c.relname ~ '_\d{8}_\d{4}$'
        ORDER BY upper_bound DESC
    LOOP
        IF part.upper_bound < now() - keep AND kept >= keep_rows THEN
            BEGIN
                EXECUTE format('DROP TABLE %s', part.name);
            EXCEPTION WHEN lock_not_available THEN
                RETURN dropped; -- somebody reads it, and the caller set lock_timeout: another time
            END;
            dropped := dropped + 1;
        ELSIF kept < keep_rows THEN
            EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT %s) t', part.name, keep_rows - kept) INTO counted;
            kept := kept + counted;
        END IF;
    END LOOP;
    -- What came to the default partition and has never been moved.
    FOR leftover IN
        SELECT p.partdefid::regclass AS name, a.attname AS key
        FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
        WHERE p.partrelid = parent AND p.partdefid <> 0 AND kept >= keep_rows
    LOOP
        EXECUTE format('DELETE FROM %s WHERE %I < %L', leftover.name, leftover.key, now() - keep);
    END LOOP;
    RETURN dropped;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION partition.drop_expired(regclass, interval, interval, bigint) IS 'Drops partitions whose rows are all older than keep, as long as keep_rows newer rows remain. Returns how many it dropped.';

-- +goose Down
DROP SCHEMA partition CASCADE;
DROP FUNCTION utc_month(timestamptz), utc_day(timestamptz), uuid_v7();
