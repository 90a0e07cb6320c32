-- name: AssetCreate :exec
INSERT INTO assets (id, content_type, chunk_size) VALUES (@id, @content_type, @chunk_size);

-- name: AssetWriteChunk :exec
INSERT INTO asset_chunks (asset_id, n, data) VALUES (@asset_id, @n, @data);

-- name: AssetFinish :execrows
UPDATE assets SET size = @size::bigint, sha256 = @sha256 WHERE id = @id AND size IS NULL;

-- name: AssetGet :one
-- Only complete files.
SELECT id, content_type, chunk_size, size::bigint AS size, sha256, created_at FROM assets
WHERE id = @id AND size IS NOT NULL;

-- name: AssetReadChunk :one
SELECT data FROM asset_chunks WHERE asset_id = @asset_id AND n = @n;
