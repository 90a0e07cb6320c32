-- name: EventsAppend :one
-- Takes the topic's next number, holding the topic's row until the commit, and
-- logs the event under it.
WITH numbered AS (
    INSERT INTO events.topic AS t (name, last_seq) VALUES (@topic, 1)
    ON CONFLICT (name) DO UPDATE SET last_seq = t.last_seq + 1
    RETURNING last_seq
)
INSERT INTO events.log (topic, seq, type, data)
SELECT @topic, n.last_seq, @type, @data FROM numbered n
RETURNING seq, created_at;

-- name: EventsAfter :many
SELECT topic, seq, type, data, created_at FROM events.log
WHERE topic = @topic AND seq > @after
ORDER BY seq
LIMIT @max_events;

-- name: EventsLastSeqs :many
SELECT name, last_seq FROM events.topic WHERE name = ANY (@topics::text[]);

-- name: EventsUpkeep :exec
-- Dropping comes first, so that locks are taken from the parent down, as those
-- who read the log do.
SELECT partition.drop_expired('events.log', '1 day', '7 days'), partition.ensure('events.log', '1 day', 3);
