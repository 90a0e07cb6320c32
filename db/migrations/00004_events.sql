-- The event log: durable state changes, numbered per topic.

-- +goose Up
CREATE SCHEMA events;
COMMENT ON SCHEMA events IS 'What happened, per topic and in order, so that a client can catch up.';

CREATE TABLE events.topic (
    name       text PRIMARY KEY CHECK (char_length(name) BETWEEN 1 AND 200),
    last_seq   bigint NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE events.topic IS 'One counter per topic. A transaction that appends holds the row until it commits: numbers are handed out in commit order and without gaps.';

CREATE TABLE events.log (
    topic      text NOT NULL,
    seq        bigint NOT NULL,
    type       text NOT NULL,
    data       json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, seq, created_at)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE events.log IS 'Durable events, one partition a day; old partitions are dropped.';
COMMENT ON COLUMN events.log.topic IS 'user:{id}, room:{id} or system.';
COMMENT ON COLUMN events.log.seq IS 'Number within the topic, from 1, without gaps.';
COMMENT ON COLUMN events.log.data IS 'The body as clients get it, so not jsonb: a replay is byte for byte what was sent live.';
CREATE TABLE events.log_default PARTITION OF events.log DEFAULT;
SELECT partition.ensure('events.log', '1 day', 3);

-- +goose Down
DROP SCHEMA events CASCADE;
