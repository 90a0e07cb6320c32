-- name: UserGet :one
-- What a principal is made of; never the password.
SELECT id, username, tier, is_admin FROM users WHERE id = @id;

-- name: UserByEmail :one
SELECT id, password_hash FROM users WHERE lower(email) = lower(@email::text);

-- name: UserByUsername :one
SELECT id, password_hash FROM users WHERE lower(username) = lower(@username::text);

-- name: UserInsert :one
INSERT INTO users (email, username, password_hash)
VALUES (@email::text, @username, @password_hash::text)
RETURNING id;

-- name: UserUpdate :execrows
-- Null leaves a column as it is.
UPDATE users
SET email = coalesce(sqlc.narg(email), email),
    username = coalesce(sqlc.narg(username), username),
    updated_at = now()
WHERE id = @id;

-- name: UserRehash :exec
-- Only in place of the hash that was verified: a password changed meanwhile
-- stays changed.
UPDATE users SET password_hash = @new_hash::text, updated_at = now()
WHERE id = @id AND password_hash = @old_hash::text;

-- name: UserEnsure :one
-- Makes an account without a password, or gives the one of that name exactly
-- these rights. No row: the name belongs to somebody who signs in with a
-- password, and @adopt is false.
INSERT INTO users AS u (username, tier, is_admin, monthly_generations, daily_generations)
VALUES (@username, @tier, @is_admin, sqlc.narg(monthly_generations), sqlc.narg(daily_generations))
ON CONFLICT (lower(username)) DO UPDATE
SET tier = excluded.tier,
    is_admin = excluded.is_admin,
    monthly_generations = excluded.monthly_generations,
    daily_generations = excluded.daily_generations,
    updated_at = now()
WHERE u.password_hash IS NULL OR @adopt::boolean
RETURNING u.id;

-- name: UserProfile :one
-- An account with what is left of its quota, counted per UTC calendar period.
SELECT u.id, u.email, u.username, u.tier, u.is_admin, u.created_at,
    t.features, t.max_duration_s, t.best_quality,
    coalesce(u.monthly_generations, t.monthly_generations)::integer AS monthly_limit,
    coalesce(u.daily_generations, t.daily_generations)::integer AS daily_limit,
    coalesce((SELECT q.used FROM quota_usage q
        WHERE q.user_id = u.id AND q.period = 'month'
          AND q.starts_on = date_trunc('month', now() AT TIME ZONE 'UTC')::date), 0)::integer AS monthly_used,
    coalesce((SELECT q.used FROM quota_usage q
        WHERE q.user_id = u.id AND q.period = 'day'
          AND q.starts_on = (now() AT TIME ZONE 'UTC')::date), 0)::integer AS daily_used
FROM users u
JOIN tiers t ON t.name = u.tier
WHERE u.id = @id;

-- name: TierList :many
SELECT * FROM tiers ORDER BY rank;

-- name: SessionInsert :one
-- Returns the database's time, from which the access token counts.
INSERT INTO sessions (user_id, family_hash, token_hash, expires_at)
VALUES (@user_id, @family_hash, @token_hash, now() + interval '30 days')
RETURNING now()::timestamptz AS now;

-- name: SessionLock :one
-- Finds and locks the live session that a refresh token belongs to. is_current:
-- it is the valid token. is_repeat: it was until seconds ago, and @successor
-- is what it was exchanged for. Neither: somebody has a copy.
SELECT id, user_id, now()::timestamptz AS now,
    (token_hash = @presented)::boolean AS is_current,
    coalesce(previous_hash = @presented AND token_hash = @successor
        AND refreshed_at > now() - interval '10 seconds', false)::boolean AS is_repeat
FROM sessions
WHERE family_hash = @family_hash AND expires_at > now()
FOR UPDATE;

-- name: SessionRotate :exec
UPDATE sessions
SET previous_hash = token_hash, token_hash = @successor, refreshed_at = now(), expires_at = now() + interval '30 days'
WHERE id = @id;

-- name: SessionDelete :exec
DELETE FROM sessions WHERE id = @id;

-- name: SessionEnd :exec
-- Any token of the session will do, also one that is no longer valid: using
-- that for anything else would end the session too.
DELETE FROM sessions WHERE family_hash = @family_hash;

-- name: SessionDeleteExpired :execrows
DELETE FROM sessions
WHERE ctid = ANY (ARRAY(
    SELECT s.ctid FROM sessions s WHERE s.expires_at <= now()
    LIMIT @max FOR UPDATE SKIP LOCKED
));

-- name: TicketInsert :one
INSERT INTO tickets (token_hash, user_id, expires_at, session_expires_at)
VALUES (@token_hash, @user_id, now() + interval '30 seconds', sqlc.narg(session_expires_at))
RETURNING expires_at;

-- name: TicketRedeem :one
-- Deleting is redeeming: of any number of callers one gets the row.
WITH redeemed AS (
    DELETE FROM tickets WHERE token_hash = @token_hash AND expires_at > now()
    RETURNING user_id, session_expires_at
)
SELECT u.id, u.username, u.tier, u.is_admin, r.session_expires_at
FROM redeemed r
JOIN users u ON u.id = r.user_id;

-- name: TicketDeleteExpired :execrows
DELETE FROM tickets
WHERE ctid = ANY (ARRAY(
    SELECT t.ctid FROM tickets t WHERE t.expires_at <= now()
    LIMIT @max FOR UPDATE SKIP LOCKED
));
