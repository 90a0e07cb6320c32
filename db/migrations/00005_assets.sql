-- Files kept in Postgres, in chunks.

-- +goose Up
CREATE TABLE assets (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    content_type text NOT NULL,
    chunk_size   integer NOT NULL CHECK (chunk_size > 0),
    size         bigint CHECK (size >= 0),
    sha256       bytea CHECK (octet_length(sha256) = 32),
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((size IS NULL) = (sha256 IS NULL))
);
COMMENT ON TABLE assets IS 'Files, such as the audio of songs.';
COMMENT ON COLUMN assets.size IS 'Bytes in all; null until the file is complete.';

CREATE TABLE asset_chunks (
    asset_id uuid NOT NULL REFERENCES assets (id) ON DELETE CASCADE,
    n        integer NOT NULL CHECK (n >= 0),
    data     bytea NOT NULL,
    PRIMARY KEY (asset_id, n)
);
-- Audio does not compress: store it outside the row, as it is.
ALTER TABLE asset_chunks ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE asset_chunks IS 'Pieces of assets.chunk_size bytes; the last may be shorter. Byte b is in chunk b / chunk_size.';

-- +goose Down
DROP TABLE asset_chunks, assets;
