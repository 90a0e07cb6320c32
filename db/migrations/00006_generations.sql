-- Generations and the songs that come out of them.

-- +goose Up
CREATE TYPE generation_status AS ENUM ('pending', 'processing', 'completed', 'failed', 'cancelled');
COMMENT ON TYPE generation_status IS 'pending and processing are live; the others are final, except that a failed or cancelled one can be retried.';

CREATE TABLE generations (
    id               uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id          uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    status           generation_status NOT NULL DEFAULT 'pending',
    prompt           text NOT NULL CHECK (char_length(prompt) BETWEEN 1 AND 3000),
    style            text NOT NULL CHECK (char_length(style) BETWEEN 1 AND 200),
    title            text CHECK (char_length(title) <= 200),
    lyrics           text CHECK (char_length(lyrics) <= 5000),
    instrumental     boolean NOT NULL DEFAULT false,
    duration_s       integer NOT NULL CHECK (duration_s > 0),
    quality          text NOT NULL CHECK (quality IN ('standard', 'high', 'premium', 'enterprise')),
    seed             bigint NOT NULL,
    progress         smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    estimated        boolean NOT NULL DEFAULT false,
    stage            text NOT NULL DEFAULT 'queued',
    attempt          smallint NOT NULL DEFAULT 0,
    provider         text,
    provider_task_id text CHECK (octet_length(provider_task_id) <= 200),
    error_code       text,
    error_message    text,
    metadata         jsonb NOT NULL DEFAULT '{}',
    charged_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    started_at       timestamptz,
    finished_at      timestamptz,
    CHECK ((status = 'failed') = (error_code IS NOT NULL)),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) WITH (fillfactor = 80);
-- Ids are time-ordered, so this is also newest first.
CREATE INDEX generations_user_id_idx ON generations (user_id, id DESC);
COMMENT ON TABLE generations IS 'A prompt on its way to becoming a song.';
COMMENT ON COLUMN generations.seed IS 'Makes the song repeatable where the provider can.';
COMMENT ON COLUMN generations.progress IS 'Percent; within an attempt it never goes down.';
COMMENT ON COLUMN generations.estimated IS 'Whether progress is interpolated rather than told by the provider.';
COMMENT ON COLUMN generations.stage IS 'What is being done, for machines: queued, submitting, composing, ...';
COMMENT ON COLUMN generations.provider_task_id IS 'Set once the provider has accepted (and charged for) the order; kept so that nobody orders again.';
COMMENT ON COLUMN generations.metadata IS 'Open facts from the provider, such as key and tempo.';
COMMENT ON COLUMN generations.charged_at IS 'When quota was taken, which tells the day and month to give it back to; null once given back.';

CREATE TABLE generation_clips (
    generation_id uuid NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
    n             smallint NOT NULL CHECK (n >= 0),
    asset_id      uuid NOT NULL UNIQUE REFERENCES assets (id),
    duration_ms   integer CHECK (duration_ms >= 0),
    peaks         bytea,
    PRIMARY KEY (generation_id, n)
);
COMMENT ON TABLE generation_clips IS 'The songs of a generation; some providers deliver two.';
COMMENT ON COLUMN generation_clips.peaks IS 'Waveform: the loudest sample of each slice, one byte each.';

-- +goose StatementBegin
CREATE FUNCTION generation_clips_delete_asset() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM assets WHERE id = OLD.asset_id;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
COMMENT ON FUNCTION generation_clips_delete_asset() IS 'The audio goes with its clip, whichever way the clip is deleted.';
CREATE TRIGGER delete_asset AFTER DELETE ON generation_clips FOR EACH ROW EXECUTE FUNCTION generation_clips_delete_asset();

CREATE TABLE idempotency_keys (
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    key           text NOT NULL CHECK (char_length(key) BETWEEN 1 AND 200),
    body_sha256   bytea NOT NULL,
    response      jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'Keys seen in the last 24 h, each with the request it came with and what that started.';
COMMENT ON COLUMN idempotency_keys.response IS 'The answer given, to be given again; set before the transaction commits.';

-- +goose Down
DROP TABLE idempotency_keys, generation_clips, generations;
DROP FUNCTION generation_clips_delete_asset();
DROP TYPE generation_status;
