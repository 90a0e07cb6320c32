-- name: PresenceRegister :exec
INSERT INTO events.replica (id, turn) VALUES (@id, @turn)
ON CONFLICT (id) DO UPDATE SET seen_at = clock_timestamp();

-- name: PresenceBeat :execrows
UPDATE events.replica SET seen_at = clock_timestamp() WHERE id = @id;

-- name: PresenceRetire :exec
-- The last sign of life was so long ago, whatever it was. Sockets do not linger.
WITH retired AS (
    UPDATE events.replica SET seen_at = clock_timestamp() - @ago::interval WHERE id = @id RETURNING id
)
DELETE FROM events.presence p USING retired r WHERE p.replica_id = r.id AND p.scope = 'sockets';

-- name: PresenceReport :many
SELECT elsewhere::bigint, present::bigint
FROM events.report_presence(@replica::uuid, @turn::bigint, @scopes::text[], @subjects::text[], @counts::integer[], @infos::text[], @enough::integer);

-- name: PresenceSweep :many
SELECT scope::text, subject::text, info::json FROM events.sweep_presence(@silence::interval);

-- name: PresenceList :many
-- Up to max_members of each place, with how many there are in all.
SELECT asked.scope::text AS scope,
       (SELECT count(DISTINCT m.subject) FROM events.presence m WHERE m.scope = asked.scope)::bigint AS total,
       coalesce((SELECT json_agg(one.info) FROM (
           SELECT DISTINCT ON (m.subject) m.info FROM events.presence m
           WHERE m.scope = asked.scope ORDER BY m.subject LIMIT @max_members::integer
       ) AS one), '[]')::json AS infos
FROM (SELECT unnest(@scopes::text[]) AS scope) AS asked;

-- name: PresenceWhere :many
SELECT DISTINCT ON (p.scope) p.scope, coalesce(p.info, 'null')::json AS info FROM events.presence p
WHERE p.subject = @subject AND p.scope <> 'sockets' ORDER BY p.scope LIMIT 100;
