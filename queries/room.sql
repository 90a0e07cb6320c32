-- name: RoomLockPeople :many
-- The first locks of every change: accounts, in order of their ids. They keep
-- the accounts from being deleted, nothing else.
SELECT id, username, tier FROM users WHERE id = ANY (@ids::uuid[]) ORDER BY id FOR KEY SHARE;

-- name: RoomLockOwners :many
-- As RoomLockPeople, for changes that count what these people own: one such
-- change at a time.
SELECT id, username, tier FROM users WHERE id = ANY (@ids::uuid[]) ORDER BY id FOR NO KEY UPDATE;

-- name: RoomLock :one
-- The second lock of every change. Messages take it too, so that their order
-- is the same in every reader's eyes.
SELECT * FROM rooms WHERE id = @id FOR UPDATE;

-- name: RoomStanding :one
-- What to know once the room is locked: the time, and the role of somebody
-- there, or ''.
SELECT clock_timestamp()::timestamptz AS now,
    coalesce((SELECT m.role FROM room_members m WHERE m.room_id = @room_id AND m.user_id = @user_id), '')::text AS role;

-- name: RoomFeature :one
-- Whether the tier of a user has a feature, and which tiers have it.
SELECT t.name AS tier, (@feature::text = ANY (t.features))::boolean AS has,
    ARRAY(SELECT o.name FROM tiers o WHERE @feature = ANY (o.features) ORDER BY o.rank)::text[] AS offered_by
FROM users u JOIN tiers t ON t.name = u.tier
WHERE u.id = @user_id;

-- name: RoomCountOwned :one
SELECT count(*) FROM rooms WHERE owner_id = @owner_id;

-- name: RoomInsert :one
INSERT INTO rooms (id, name, description, is_public, owner_id)
VALUES (@id, @name, @description, @is_public, @owner_id)
RETURNING *;

-- name: RoomUpdate :one
UPDATE rooms SET name = @name, description = @description, is_public = @is_public, updated_at = @now
WHERE id = @id
RETURNING *;

-- name: RoomSetOwner :one
-- The members' roles have to agree by the end of the transaction.
UPDATE rooms SET owner_id = @owner_id, updated_at = @now WHERE id = @id
RETURNING *;

-- name: RoomDelete :exec
DELETE FROM rooms WHERE id = @id;

-- name: RoomGet :one
SELECT * FROM rooms WHERE id = @id;

-- name: RoomVisible :one
-- A room that the user may look at.
SELECT r.* FROM rooms r
WHERE r.id = @id
  AND (r.is_public OR EXISTS (SELECT FROM room_members m WHERE m.room_id = r.id AND m.user_id = @user_id));

-- name: RoomListOf :many
-- The rooms that somebody is in, the newest first.
SELECT r.* FROM room_members m JOIN rooms r ON r.id = m.room_id
WHERE m.user_id = @user_id
ORDER BY m.room_id DESC
LIMIT @max_rows OFFSET @skip_rows;

-- name: RoomCountOf :one
SELECT count(*) FROM room_members WHERE user_id = @user_id;

-- name: RoomListPublic :many
SELECT * FROM rooms
WHERE is_public
  AND (@search::text = '' OR strpos(lower(name), lower(@search)) > 0 OR strpos(lower(description), lower(@search)) > 0)
ORDER BY id DESC
LIMIT @max_rows OFFSET @skip_rows;

-- name: RoomCountPublic :one
SELECT count(*) FROM rooms
WHERE is_public
  AND (@search::text = '' OR strpos(lower(name), lower(@search)) > 0 OR strpos(lower(description), lower(@search)) > 0);

-- name: RoomMembers :many
-- The members of some rooms, of each at most max_each who have been there
-- longest.
SELECT m.room_id, m.user_id, u.username, u.tier, m.role, m.joined_at
FROM rooms r
CROSS JOIN LATERAL (
    SELECT n.room_id, n.user_id, n.role, n.joined_at FROM room_members n
    WHERE n.room_id = r.id
    ORDER BY n.joined_at, n.user_id
    LIMIT @max_each
) m
JOIN users u ON u.id = m.user_id
WHERE r.id = ANY (@room_ids::uuid[])
ORDER BY m.room_id, m.joined_at, m.user_id;

-- name: RoomMember :one
SELECT m.user_id, u.username, u.tier, m.role, m.joined_at
FROM room_members m JOIN users u ON u.id = m.user_id
WHERE m.room_id = @room_id AND m.user_id = @user_id;

-- name: RoomMemberInsert :exec
INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (@room_id, @user_id, @role, @joined_at);

-- name: RoomMemberSetRole :execrows
UPDATE room_members SET role = @role WHERE room_id = @room_id AND user_id = @user_id;

-- name: RoomMemberDelete :execrows
DELETE FROM room_members WHERE room_id = @room_id AND user_id = @user_id;

-- name: RoomFindUser :one
SELECT id FROM users WHERE lower(username) = lower(@username::text);

-- name: RoomInvitationInsert :execrows
INSERT INTO room_invitations (room_id, user_id, invited_by, created_at)
VALUES (@room_id, @user_id, @invited_by::uuid, @created_at)
ON CONFLICT (room_id, user_id) DO NOTHING;

-- name: RoomInvitationGet :one
SELECT * FROM room_invitations WHERE room_id = @room_id AND user_id = @user_id;

-- name: RoomInvitationDelete :execrows
DELETE FROM room_invitations WHERE room_id = @room_id AND user_id = @user_id;

-- name: RoomInvitationsOf :many
SELECT r.id, r.name, r.description, r.is_public, r.owner_id, i.created_at,
    i.invited_by, u.username, u.tier
FROM room_invitations i
JOIN rooms r ON r.id = i.room_id
LEFT JOIN users u ON u.id = i.invited_by
WHERE i.user_id = @user_id
ORDER BY i.created_at DESC, i.room_id
LIMIT @max_rows;

-- name: RoomLastMessage :one
SELECT id FROM room_messages WHERE room_id = @room_id ORDER BY id DESC LIMIT 1;

-- name: RoomMessageInsert :exec
INSERT INTO room_messages (id, room_id, user_id, type, body, created_at)
VALUES (@id, @room_id, @user_id::uuid, @type, @body, @created_at);

-- name: RoomMessages :many
-- The newest first, from before a message or from the end. Not "or is null":
-- then the index would be read from its end for every page.
SELECT m.id, m.user_id, u.username, m.type, m.body, m.created_at
FROM room_messages m LEFT JOIN users u ON u.id = m.user_id
WHERE m.room_id = @room_id AND m.id < coalesce(sqlc.narg(before)::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY m.id DESC
LIMIT @max_rows;
