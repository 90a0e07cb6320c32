-- name: GenerationLimits :one
-- What the tier of a user allows.
SELECT t.name AS tier, t.queue_priority, t.max_running, t.max_duration_s, t.best_quality,
    coalesce(u.daily_generations, t.daily_generations) AS daily,
    coalesce(u.monthly_generations, t.monthly_generations) AS monthly,
    now()::timestamptz AS now
FROM users u JOIN tiers t ON t.name = u.tier
WHERE u.id = @user_id;

-- name: QuotaTake :many
-- Counts one generation against the day and the month that hold at, each if
-- its limit allows. Fewer than two rows: roll back; the missing one is used up.
INSERT INTO quota_usage AS q (user_id, period, starts_on, used)
SELECT u.id, p.period, p.starts_on, 1
FROM users u
JOIN tiers t ON t.name = u.tier
CROSS JOIN LATERAL (VALUES
    ('day', utc_day(@at::timestamptz), coalesce(u.daily_generations, t.daily_generations)),
    ('month', utc_month(@at::timestamptz), coalesce(u.monthly_generations, t.monthly_generations))
) AS p (period, starts_on, allowed)
WHERE u.id = @user_id AND p.allowed > 0
ORDER BY p.period
ON CONFLICT (user_id, period, starts_on) DO UPDATE SET used = q.used + 1
WHERE q.used < (
    SELECT CASE q.period WHEN 'day' THEN coalesce(u2.daily_generations, t2.daily_generations)
                         ELSE coalesce(u2.monthly_generations, t2.monthly_generations) END
    FROM users u2 JOIN tiers t2 ON t2.name = u2.tier
    WHERE u2.id = q.user_id)
RETURNING q.period;

-- name: QuotaGiveBack :exec
-- Gives back what QuotaTake counted at the given time.
UPDATE quota_usage SET used = used - 1
WHERE user_id = @user_id AND used > 0
  AND (period, starts_on) IN (
      ('day', utc_day(@at::timestamptz)),
      ('month', utc_month(@at::timestamptz)));

-- name: GenerationInsert :one
INSERT INTO generations (id, user_id, prompt, style, title, lyrics, instrumental, duration_s, quality, seed, charged_at)
VALUES (@id, @user_id, @prompt, @style, sqlc.narg(title), sqlc.narg(lyrics), @instrumental, @duration_s, @quality, @seed, @charged_at::timestamptz)
RETURNING *;

-- name: GenerationGet :one
SELECT * FROM generations WHERE id = @id AND user_id = @user_id;

-- name: GenerationLock :one
SELECT * FROM generations WHERE id = @id AND user_id = @user_id FOR UPDATE;

-- name: GenerationList :many
SELECT * FROM generations
WHERE user_id = @user_id
  AND (sqlc.narg(status)::generation_status IS NULL OR status = sqlc.narg(status))
  AND (@search::text = '' OR strpos(lower(prompt), lower(@search)) > 0 OR strpos(lower(coalesce(title, '')), lower(@search)) > 0 OR strpos(lower(style), lower(@search)) > 0)
ORDER BY id DESC
LIMIT @max_rows OFFSET @skip_rows;

-- name: GenerationCount :one
SELECT count(*) FROM generations
WHERE user_id = @user_id
  AND (sqlc.narg(status)::generation_status IS NULL OR status = sqlc.narg(status))
  AND (@search::text = '' OR strpos(lower(prompt), lower(@search)) > 0 OR strpos(lower(coalesce(title, '')), lower(@search)) > 0 OR strpos(lower(style), lower(@search)) > 0);

-- name: GenerationClips :many
SELECT c.generation_id, c.n, c.asset_id, c.duration_ms, c.peaks, a.content_type, a.size
FROM generation_clips c JOIN assets a ON a.id = c.asset_id
WHERE c.generation_id = ANY (@generation_ids::uuid[]) AND a.size IS NOT NULL
ORDER BY c.generation_id, c.n;

-- name: GenerationClip :one
-- A finished song, whoever asks: the caller has checked that it may be heard.
SELECT c.asset_id, g.title, g.user_id
FROM generation_clips c JOIN generations g ON g.id = c.generation_id
WHERE c.generation_id = @id AND c.n = @n AND g.status = 'completed';

-- name: GenerationBegin :one
-- An attempt begins. No row: the generation was cancelled or deleted. reopen
-- begins also one that had ended, whose job an operator brought back; it costs its
-- owner nothing more.
UPDATE generations
SET status = 'processing', attempt = @attempt, started_at = coalesce(started_at, now()), updated_at = now(),
    error_code = NULL, error_message = NULL, finished_at = NULL,
    stage = CASE WHEN provider_task_id IS NULL THEN 'submitting' ELSE 'resuming' END,
    progress = greatest(progress, 10)
WHERE id = @id AND (status IN ('pending', 'processing') OR (@reopen::boolean AND status IN ('failed', 'cancelled')))
RETURNING *;

-- name: GenerationSubmitted :execrows
UPDATE generations
SET provider = @provider, provider_task_id = @provider_task_id, updated_at = now()
WHERE id = @id AND provider_task_id IS NULL;

-- name: GenerationProgress :one
-- Progress of an attempt; it never goes down. No row: the attempt is over.
UPDATE generations
SET progress = greatest(progress, @progress), stage = @stage, estimated = @estimated, updated_at = now()
WHERE id = @id AND status = 'processing' AND attempt = @attempt
RETURNING progress;

-- name: GenerationRetrying :one
UPDATE generations SET stage = 'retrying', updated_at = now()
WHERE id = @id AND status = 'processing' AND attempt = @attempt
RETURNING *;

-- name: GenerationComplete :one
UPDATE generations
SET status = 'completed', progress = 100, estimated = false, stage = 'completed', finished_at = now(), updated_at = now(),
    title = @title, metadata = @metadata
WHERE id = @id AND status = 'processing'
RETURNING *;

-- name: GenerationFail :one
UPDATE generations
SET status = 'failed', stage = 'failed', error_code = @error_code, error_message = @error_message,
    charged_at = NULL, finished_at = now(), updated_at = now()
WHERE id = @id AND status IN ('pending', 'processing')
RETURNING *;

-- name: GenerationCancel :one
-- The caller holds the row's lock and has seen that it is live. Before the
-- provider was paid the quota is given back.
UPDATE generations
SET status = 'cancelled', stage = 'cancelled', finished_at = now(), updated_at = now(),
    charged_at = CASE WHEN provider_task_id IS NULL THEN NULL ELSE charged_at END
WHERE id = @id
RETURNING *;

-- name: GenerationRestart :one
-- A failed or cancelled generation starts over, as a new order.
UPDATE generations
SET status = 'pending', stage = 'queued', progress = 0, estimated = false, attempt = 0, provider = NULL, provider_task_id = NULL,
    error_code = NULL, error_message = NULL, charged_at = @charged_at::timestamptz, started_at = NULL, finished_at = NULL, updated_at = now()
WHERE id = @id
RETURNING *;

-- name: GenerationDelete :execrows
DELETE FROM generations WHERE id = @id;

-- name: GenerationClipDelete :exec
DELETE FROM generation_clips WHERE generation_id = @generation_id AND n >= @from_n AND n <= @to_n;

-- name: GenerationClipInsert :exec
INSERT INTO generation_clips (generation_id, n, asset_id) VALUES (@generation_id, @n, @asset_id);

-- name: GenerationClipFinish :exec
UPDATE generation_clips SET duration_ms = @duration_ms, peaks = @peaks WHERE generation_id = @generation_id AND n = @n;

-- name: IdempotencyClaim :one
-- No row: the key was used within the last 24 hours. A transaction that uses it
-- right now is waited for.
INSERT INTO idempotency_keys AS k (user_id, key, body_sha256) VALUES (@user_id, @key, @body_sha256)
ON CONFLICT (user_id, key) DO UPDATE SET body_sha256 = excluded.body_sha256, response = NULL, created_at = now()
WHERE k.created_at < now() - interval '24 hours'
RETURNING true AS claimed;

-- name: IdempotencyGet :one
SELECT body_sha256, response FROM idempotency_keys WHERE user_id = @user_id AND key = @key;

-- name: IdempotencyAnswer :exec
UPDATE idempotency_keys SET response = @response WHERE user_id = @user_id AND key = @key;

-- name: IdempotencyPrune :execrows
DELETE FROM idempotency_keys WHERE created_at < now() - interval '25 hours';

-- name: GenerationLockAny :one
SELECT * FROM generations WHERE id = @id FOR UPDATE;
