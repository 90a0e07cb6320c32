-- People, their tiers, sessions and quotas.

-- +goose Up
CREATE TABLE tiers (
    name               text PRIMARY KEY,
    rank               smallint NOT NULL UNIQUE,
    queue_priority     smallint NOT NULL CHECK (queue_priority >= 0),
    max_running        integer  NOT NULL CHECK (max_running > 0),
    monthly_generations integer NOT NULL CHECK (monthly_generations >= 0),
    daily_generations  integer  NOT NULL CHECK (daily_generations >= 0),
    max_duration_s     integer  NOT NULL CHECK (max_duration_s > 0),
    best_quality       text     NOT NULL CHECK (best_quality IN ('standard', 'high', 'premium', 'enterprise')),
    writes_per_minute  integer  NOT NULL CHECK (writes_per_minute > 0),
    reads_per_minute   integer  NOT NULL CHECK (reads_per_minute > 0),
    features           text[]   NOT NULL
);
COMMENT ON TABLE tiers IS 'What each tier may do. Change it by SQL; processes notice within seconds.';
COMMENT ON COLUMN tiers.rank IS 'Order of the tiers, the best highest.';
COMMENT ON COLUMN tiers.queue_priority IS 'Priority of this tier''s jobs; lower runs first.';
COMMENT ON COLUMN tiers.max_running IS 'Generations of one person that may run at once.';
COMMENT ON COLUMN tiers.monthly_generations IS 'Generations per calendar month, UTC.';
COMMENT ON COLUMN tiers.daily_generations IS 'Generations per calendar day, UTC.';
COMMENT ON COLUMN tiers.max_duration_s IS 'Longest song, in seconds.';
COMMENT ON COLUMN tiers.best_quality IS 'Best quality that may be asked for.';
COMMENT ON COLUMN tiers.writes_per_minute IS 'Changing requests per minute.';
COMMENT ON COLUMN tiers.reads_per_minute IS 'Reading requests per minute.';

INSERT INTO tiers (name, rank, queue_priority, max_running, monthly_generations, daily_generations,
                   max_duration_s, best_quality, writes_per_minute, reads_per_minute, features) VALUES
    ('FREE',       0, 20,  1,    5,   2,  60, 'standard',     10,  120, '{basic_generation,community_access}'),
    ('PRO',        1, 10,  3,   50,  10, 120, 'high',         50,  300, '{basic_generation,community_access,priority_support,advanced_controls}'),
    ('PREMIUM',    2,  5,  5,  200,  25, 300, 'premium',     200,  600, '{basic_generation,community_access,priority_support,advanced_controls,collaboration,commercial_use}'),
    ('ENTERPRISE', 3,  1, 20, 1000, 100, 600, 'enterprise', 1000, 3000, '{basic_generation,community_access,priority_support,advanced_controls,collaboration,commercial_use,api_access,white_label}');

CREATE TABLE users (
    id                  uuid PRIMARY KEY DEFAULT uuid_v7(),
    email               text,
    username            text NOT NULL CHECK (char_length(username) BETWEEN 1 AND 64),
    password_hash       text,
    tier                text NOT NULL DEFAULT 'FREE' REFERENCES tiers (name) ON UPDATE CASCADE,
    is_admin            boolean NOT NULL DEFAULT false,
    monthly_generations integer CHECK (monthly_generations >= 0),
    daily_generations   integer CHECK (daily_generations >= 0),
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
COMMENT ON TABLE users IS 'Everyone with an account.';
COMMENT ON COLUMN users.password_hash IS 'argon2id in PHC form; null for accounts that sign in elsewhere.';
COMMENT ON COLUMN users.monthly_generations IS 'Overrides the tier''s monthly quota; null means the tier''s.';
COMMENT ON COLUMN users.daily_generations IS 'Overrides the tier''s daily quota; null means the tier''s.';

CREATE TABLE sessions (
    id            uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    family_hash   bytea NOT NULL,
    token_hash    bytea NOT NULL,
    previous_hash bytea,
    created_at    timestamptz NOT NULL DEFAULT now(),
    refreshed_at  timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz NOT NULL
);
CREATE UNIQUE INDEX sessions_family_hash_key ON sessions (family_hash);
CREATE INDEX sessions_user_id_idx ON sessions (user_id);
CREATE INDEX sessions_expires_at_idx ON sessions (expires_at);
COMMENT ON TABLE sessions IS 'One row per sign-in with a local account; its refresh token changes at each use.';
COMMENT ON COLUMN sessions.family_hash IS 'SHA-256 of the half that all refresh tokens of the session share. Whoever has it with another half than the valid one has a stolen copy, so the session ends.';
COMMENT ON COLUMN sessions.token_hash IS 'SHA-256 of the whole refresh token that is valid now.';
COMMENT ON COLUMN sessions.previous_hash IS 'SHA-256 of the token before. For some seconds after the change it still answers with the valid one: two tabs may race, an answer may get lost.';

CREATE UNLOGGED TABLE tickets (
    token_hash         bytea PRIMARY KEY,
    user_id            uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at         timestamptz NOT NULL,
    session_expires_at timestamptz
);
CREATE INDEX tickets_user_id_idx ON tickets (user_id);
CREATE INDEX tickets_expires_at_idx ON tickets (expires_at);
COMMENT ON TABLE tickets IS 'One-time WebSocket tickets, valid for seconds. UNLOGGED: losing them in a crash costs a reconnect.';
COMMENT ON COLUMN tickets.token_hash IS 'SHA-256 of the ticket.';
COMMENT ON COLUMN tickets.session_expires_at IS 'When the access token that asked for the ticket ends, and with it the socket; null means never.';

CREATE TABLE quota_usage (
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    period    text NOT NULL CHECK (period IN ('day', 'month')),
    starts_on date NOT NULL,
    used      integer NOT NULL CHECK (used >= 0),
    PRIMARY KEY (user_id, period, starts_on)
) WITH (fillfactor = 80);
COMMENT ON TABLE quota_usage IS 'Generations counted against the quota, per UTC calendar day and month. A new period is a new row: nothing is ever reset.';

-- +goose Down
DROP TABLE quota_usage, tickets, sessions, users, tiers;
